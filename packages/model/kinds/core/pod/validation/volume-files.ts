/** Files that volumes put somewhere: of keys, and of the downward API. */
import { type FieldError, invalid, required } from '../../../../field-error.ts';
import type { Fields } from '../fields.ts';
import { fieldRefErrors, resourceFieldRefErrors, VOLUME_FIELDS } from './environment.ts';
import { fileMode, requiredText, unreservedPath } from './scalars.ts';

export function keyToPathErrors(at: string, item: Fields): FieldError[] {
  return [
    ...requiredText(`${at}.key`, item['key']),
    ...requiredText(`${at}.path`, item['path']),
    ...unreservedPath(`${at}.path`, item['path'] ?? ''),
    ...fileMode(`${at}.mode`, item['mode']),
  ];
}

export function downwardFileErrors(at: string, file: Fields): FieldError[] {
  const errors = [...requiredText(`${at}.path`, file['path']), ...unreservedPath(`${at}.path`, file['path'] ?? '')];
  if (file['fieldRef'] !== undefined) {
    errors.push(...fieldRefErrors(`${at}.fieldRef`, file['fieldRef'], VOLUME_FIELDS));
    if (file['resourceFieldRef'] !== undefined) {
      errors.push(invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    }
  } else if (file['resourceFieldRef'] !== undefined) {
    errors.push(...resourceFieldRefErrors(`${at}.resourceFieldRef`, file['resourceFieldRef'], true));
  } else {
    errors.push(required(at, 'one of fieldRef and resourceFieldRef is required'));
  }
  return [...errors, ...fileMode(`${at}.mode`, file['mode'])];
}

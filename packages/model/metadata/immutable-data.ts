import { type FieldError, forbidden } from '../field-error.ts';
import type { ApiObject } from '../object.ts';
import { sameValue } from './same-value.ts';

const TEXT = 'field is immutable when `immutable` is set';

/** What a ConfigMap or Secret that was declared immutable refuses: to be mutable again, and to change `fields`. */
export function immutableDataErrors(
  object: Readonly<ApiObject>,
  previous: Readonly<ApiObject>,
  fields: readonly string[],
): FieldError[] {
  if (previous['immutable'] !== true) return [];
  const errors = object['immutable'] === true ? [] : [forbidden('immutable', TEXT)];
  for (const field of fields) {
    if (!sameValue(object[field], previous[field])) errors.push(forbidden(field, TEXT));
  }
  return errors;
}

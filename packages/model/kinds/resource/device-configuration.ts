import { type FieldError, invalid, required, tooLong } from '../../field-error.ts';
import { driverNameErrors } from '../core/persistent-volume/sources.ts';
import type { Fields } from '../core/pod/fields.ts';

const LONGEST_PARAMETERS = 10 * 1024;

/** Raw JSON that a driver understands: an object, and not too large. */
export function rawObjectErrors(at: string, value: unknown): FieldError[] {
  if (value === undefined || value === null) return [required(at)];
  if (Buffer.byteLength(JSON.stringify(value)) > LONGEST_PARAMETERS) return [tooLong(at, LONGEST_PARAMETERS)];
  if (typeof value === 'object' && !Array.isArray(value)) return [];
  return [invalid(at, '<value omitted>', 'must be a valid JSON object')];
}

/** What a driver is told, by claim, class or result. */
export function configurationErrors(at: string, configuration: Fields): FieldError[] {
  const opaque: Fields | undefined = configuration['opaque'];
  if (opaque === undefined) return [required(`${at}.opaque`)];
  return [
    ...driverNameErrors(`${at}.opaque.driver`, opaque['driver'] ?? ''),
    ...rawObjectErrors(`${at}.opaque.parameters`, opaque['parameters']),
  ];
}

import { type FieldError, invalid, key, tooLong } from '../../../field-error.ts';
import { immutableDataErrors } from '../../../metadata/immutable-data.ts';
import { configKeyProblems } from '../../../metadata/names.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';

/** Bytes that the values of a ConfigMap or Secret may have together. */
const LARGEST = 1024 * 1024;

function validate(object: Readonly<ApiObject>): FieldError[] {
  const errors: FieldError[] = [];
  const data: Record<string, string> = object['data'] ?? {};
  const binary: Record<string, string> = object['binaryData'] ?? {};
  let size = 0;
  for (const [name, value] of Object.entries(data)) {
    const at = key('data', name);
    errors.push(...configKeyProblems(name).map((problem) => invalid(at, name, problem)));
    if (Object.hasOwn(binary, name)) errors.push(invalid(at, name, 'duplicate of key present in binaryData'));
    size += Buffer.byteLength(value);
  }
  for (const [name, value] of Object.entries(binary)) {
    errors.push(...configKeyProblems(name).map((problem) => invalid(key('binaryData', name), name, problem)));
    size += Buffer.byteLength(value, 'base64');
  }
  // The error is about the whole object, whose path upstream prints as `[]`.
  if (size > LARGEST) errors.push(tooLong('[]', LARGEST));
  return errors;
}

export const configMap: Strategy = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  validate,
  validateUpdate: (object, previous) => [
    ...immutableDataErrors(object, previous, ['data', 'binaryData']),
    ...validate(object),
  ],
  columns: [
    {
      name: 'Data',
      type: 'string',
      priority: 0,
      description: 'How many keys it holds, text and binary together.',
      cell: (object) => Object.keys(object['data'] ?? {}).length + Object.keys(object['binaryData'] ?? {}).length,
    },
  ],
};

import { type FieldError, invalid, key, required, tooLong } from '../../../field-error.ts';
import { immutableDataErrors } from '../../../metadata/immutable-data.ts';
import { configKeyProblems } from '../../../metadata/names.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';

/** Bytes that the values of a Secret may have together, decoded. */
const LARGEST = 1024 * 1024;
const SERVICE_ACCOUNT_NAME = 'kubernetes.io/service-account.name';
const REDACTED = '<secret contents redacted>';

type Data = Readonly<Record<string, string>>;

function missing(data: Data, ...names: string[]): FieldError[] {
  return names.filter((name) => !Object.hasOwn(data, name)).map((name) => required(key('data', name)));
}

function jsonErrors(data: Data, name: string): FieldError[] {
  if (!Object.hasOwn(data, name)) return [required(key('data', name))];
  const text = Buffer.from(data[name]!, 'base64').toString();
  if (text.trim() === '') return [invalid(key('data', name), REDACTED, 'unexpected end of JSON input')];
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || (typeof value === 'object' && !Array.isArray(value))) return [];
    const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    const detail = `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
    return [invalid(key('data', name), REDACTED, detail)];
  } catch (error) {
    const at = /Unexpected token (.)/su.exec(String(error))?.[1];
    const detail = at === undefined ? 'unexpected end of JSON input' : `invalid character '${at}' in JSON text`;
    return [invalid(key('data', name), REDACTED, detail)];
  }
}

/** The keys that each type promises to have. */
const contents: Readonly<Record<string, (data: Data, object: Readonly<ApiObject>) => FieldError[]>> = {
  'kubernetes.io/service-account-token': (_data, object) =>
    (object.metadata?.annotations?.[SERVICE_ACCOUNT_NAME] ?? '') === ''
      ? [required(key('metadata.annotations', SERVICE_ACCOUNT_NAME))]
      : [],
  'kubernetes.io/dockercfg': (data) => jsonErrors(data, '.dockercfg'),
  'kubernetes.io/dockerconfigjson': (data) => jsonErrors(data, '.dockerconfigjson'),
  'kubernetes.io/basic-auth': (data) => {
    const absent = missing(data, 'username', 'password');
    return absent.length === 2 ? absent : [];
  },
  'kubernetes.io/ssh-auth': (data) =>
    (data['ssh-privatekey'] ?? '') === '' ? [required(key('data', 'ssh-privatekey'))] : [],
  'kubernetes.io/tls': (data) => missing(data, 'tls.crt', 'tls.key'),
};

export function validate(object: Readonly<ApiObject>): FieldError[] {
  const errors: FieldError[] = [];
  const data: Data = object['data'] ?? {};
  let size = 0;
  for (const [name, value] of Object.entries(data)) {
    errors.push(...configKeyProblems(name).map((problem) => invalid(key('data', name), name, problem)));
    size += Buffer.byteLength(value, 'base64');
  }
  if (size > LARGEST) errors.push(tooLong('data', LARGEST));
  const type: string = object['type'] ?? '';
  if (Object.hasOwn(contents, type)) errors.push(...contents[type]!(data, object));
  return errors;
}

export function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  return [
    ...immutable('type', object['type'], previous['type']),
    ...immutableDataErrors(object, previous, ['data']),
    ...validate(object),
  ];
}

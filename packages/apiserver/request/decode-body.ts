import {
  type ApiObject,
  type Decoded,
  DecodeError,
  decodeObject,
  type GroupVersionKind,
  type ObjectForm,
} from '@keelson/model';
import { bodyMediaType, objectTypes, requireBodyType } from './media-type.ts';
import { badRequest, type StatusError } from './status-error.ts';
import type { FieldValidation } from './write-options.ts';

/** The most of a request's body that is read, in bytes. */
export const bodyLimit = 3 << 20;
/** What objects without a form in protobuf are read from. */
const textTypes = ['application/json', 'application/yaml'] as const;
/** The longest Warning text that is kept, and all of them together. */
const warningLimit = 4096;

/** `apps/v1`, `v1`. */
export function apiVersionOf(of: { readonly group: string; readonly version: string }): string {
  return of.group === '' ? of.version : `${of.group}/${of.version}`;
}

function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

/** Texts that name what the body is, as upstream's transformDecodeError. */
function undecodable(sent: ApiObject | undefined, expected: GroupVersionKind, why: string): StatusError {
  const kind = sent?.kind || expected.kind;
  const version = sent?.apiVersion ? versionOf(sent.apiVersion) : expected.version;
  return badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected.kind}: ${why}`);
}

/**
 * Reads the object in a body. What the client leaves out of apiVersion and kind is what the path says.
 * @throws StatusError 400 or 415
 */
export function decodeBody(
  expected: GroupVersionKind & { readonly type: string; readonly form?: ObjectForm },
  body: Uint8Array,
  contentType: string | undefined,
  validation: FieldValidation = 'Ignore',
): Decoded {
  const mediaType = bodyMediaType(contentType);
  requireBodyType(mediaType, expected.form === undefined ? objectTypes : textTypes);
  let decoded: Decoded;
  try {
    decoded = decodeObject(expected, body, mediaType, { duplicates: validation !== 'Ignore' });
  } catch (error) {
    if (error instanceof DecodeError) throw undecodable(undefined, expected, error.message);
    throw error;
  }
  checkType(decoded.object, expected);
  return decoded;
}

/** @throws StatusError 400 when the object says that it is something else */
export function checkType(object: ApiObject, expected: GroupVersionKind): void {
  const apiVersion = apiVersionOf(expected);
  const sentVersion = object.apiVersion || apiVersion;
  const sentKind = object.kind || expected.kind;
  if (sentKind !== expected.kind) {
    const names = `(${versionOf(sentVersion)}.${sentKind}) to (${expected.group || 'core'}.${expected.kind})`;
    throw undecodable(object, expected, `converting ${names}: unknown conversion`);
  }
  if (sentVersion !== apiVersion)
    throw badRequest(
      `the API version in the data (${sentVersion}) does not match the expected API version (${apiVersion})`,
    );
  object.apiVersion = apiVersion;
  object.kind = expected.kind;
}

/** Reads a body that is no stored kind (DeleteOptions), whatever apiVersion it names. @throws StatusError 400 or 415 */
export function decodeTyped(type: string, kind: string, body: Uint8Array, contentType: string | undefined): ApiObject {
  const mediaType = bodyMediaType(contentType);
  requireBodyType(mediaType, objectTypes);
  try {
    return decodeObject(type, body, mediaType).object;
  } catch (error) {
    if (error instanceof DecodeError) throw undecodable(undefined, { group: '', version: 'v1', kind }, error.message);
    throw error;
  }
}

/**
 * Answers for fields that do not exist or were sent twice: refuses, warns or does nothing, as the client asked.
 * @throws StatusError 400 for Strict
 */
export function checkStrict(
  decoded: Decoded,
  validation: FieldValidation,
  expected: GroupVersionKind,
  warnings: string[],
): void {
  const problems = [...decoded.unknown, ...decoded.duplicate];
  if (problems.length === 0 || validation === 'Ignore') return;
  if (validation === 'Strict')
    throw undecodable(decoded.object, expected, `strict decoding error: ${problems.join(', ')}`);
  warnOf(problems, warnings);
}

/** Warns of problems, as far as there is room for them. */
export function warnOf(problems: readonly string[], warnings: string[]): void {
  let used = 0;
  for (const problem of problems) {
    used += problem.length;
    if (used > warningLimit) break;
    warnings.push(problem);
  }
}

import { isUtf8 } from 'node:buffer';
import type { ApiObject } from '../object.ts';
import type { ObjectForm } from '../resources.ts';
import { DecodeError } from './decode-error.ts';
import { duplicateFields } from './duplicate-fields.ts';
import { checkJson } from './json-scanner.ts';
import { readProtobuf } from './protobuf/envelope.ts';
import { walkOfStruct } from './walk.ts';
import { WalkContext } from './walk-context.ts';
import { parseYaml } from './yaml.ts';

/** Kubernetes' own protobuf; it has no unknown or repeated fields to tell of. */
export const protobufMediaType = 'application/vnd.kubernetes.protobuf';

/** What came of bytes or a value. */
export interface Decoded {
  /** In the form that the API keeps, without the unknown fields. */
  readonly object: ApiObject;
  /** `unknown field "spec.foo"`, in order of appearance, at most 100. */
  readonly unknown: readonly string[];
  /** `duplicate field "spec.replicas"`; found only when asked for. */
  readonly duplicate: readonly string[];
}

export interface DecodeOptions {
  /** Look for fields that are given twice. */
  readonly duplicates?: boolean;
}

/** Without its parameters: `application/json; charset=utf-8` is JSON. */
function essence(mediaType: string): string {
  const end = mediaType.indexOf(';');
  return (end < 0 ? mediaType : mediaType.slice(0, end)).trim().toLowerCase();
}

function textOf(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new DecodeError('invalid UTF-8 in the body');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/**
 * Reads JSON. @throws DecodeError with Go's words for what is wrong with it: `invalid character '}' looking for
 * beginning of object key string`, `unexpected end of JSON input`.
 */
export function parseJson(bytes: Uint8Array): unknown {
  const text = textOf(bytes);
  try {
    return JSON.parse(text);
  } catch {
    checkJson(text);
    throw new DecodeError('invalid JSON');
  }
}

/** What objects are read as: the name of a type in the tables, or a form of its own beside it. */
export type DecodedType = string | { readonly type: string; readonly form?: ObjectForm };

/**
 * Reads one object of a type. @param type its name in the tables, `apps/v1.Deployment`; @param mediaType
 * `application/json`, `application/yaml` or, for types of the tables, `application/vnd.kubernetes.protobuf`.
 * @throws DecodeError when the bytes are no such object
 */
export function decodeObject(
  type: DecodedType,
  bytes: Uint8Array,
  mediaType: string,
  options?: DecodeOptions,
): Decoded {
  const form = essence(mediaType);
  if (form === 'application/yaml') {
    const { value, duplicate } = parseYaml(textOf(bytes));
    return { ...normalize(type, value), duplicate };
  }
  const table = typeof type === 'string' ? type : type.form === undefined ? type.type : undefined;
  if (form === protobufMediaType && table !== undefined) return normalize(table, readProtobuf(table, bytes));
  if (form !== 'application/json') throw new DecodeError(`no decoder for ${mediaType}`);
  const value = parseJson(bytes);
  const duplicate = options?.duplicates === true ? duplicateFields(bytes, value) : none;
  const decoded = normalize(type, value);
  // Of custom resources upstream tells first what its JSON reader found, then what the schema did not know.
  if (table === undefined) return { ...decoded, unknown: [...duplicate, ...decoded.unknown] };
  return duplicate.length === 0 ? decoded : { ...decoded, duplicate };
}

const none: readonly string[] = [];

/**
 * The same for a value that is parsed already. Of a type of the tables the value is not changed, and the object may share
 * parts with it; a form of its own changes the value.
 */
export function normalize(type: DecodedType, value: unknown): Decoded {
  try {
    if (typeof type !== 'string' && type.form !== undefined) return type.form.normalize(value ?? {});
    const context = new WalkContext();
    const name = typeof type === 'string' ? type : type.type;
    const object = walkOfStruct(name)(value ?? {}, context) as ApiObject;
    return { object, unknown: context.unknown, duplicate: none };
  } catch (thrown) {
    if (thrown instanceof RangeError) throw new DecodeError('exceeded max depth');
    throw thrown;
  }
}

import { assert } from '@keelson/base';
import { ManagedFields, readableManagedFields, takeManagedFields } from '../apply/managed-fields.ts';
import type { ApiObject } from '../object.ts';

/**
 * An object as the store holds it: JSON that begins with apiVersion, kind and metadata, without
 * metadata.resourceVersion. The revision is known only when the write is done, so it is put in where metadata begins.
 * There stand the managed fields too, when it has some, and the name after them: most readers want none of them, and
 * pass over them without parsing.
 */
const metadataStart = Buffer.from('"metadata":{');
const revisionStart = Buffer.from('"resourceVersion":"');
const revisionEnd = Buffer.from('"');
const revisionEndMore = Buffer.from('",');
const closingBrace = 0x7d;
const managedStart = Buffer.from('"managedFields":[');
/** What follows the managed fields. It cannot be in them: the quotes of texts are escaped, and names have a colon. */
const managedEnd = Buffer.from('],"name":');

/** @throws AssertionError for an object without apiVersion or kind, which nothing that is stored lacks. */
export function encodeObject(object: ApiObject): Uint8Array {
  const { apiVersion, kind, metadata = {}, ...rest } = object;
  assert(typeof apiVersion === 'string' && typeof kind === 'string', 'a stored object has an apiVersion and a kind');
  const { resourceVersion: _, managedFields, name, ...others } = metadata;
  const head = `{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},"metadata":`;
  const tail = JSON.stringify(rest);
  let meta = JSON.stringify(name === undefined ? others : { name, ...others });
  if (managedFields !== undefined && name !== undefined) {
    const managed = readableManagedFields(managedFields);
    if (!managed.isEmpty) meta = `{"managedFields":${managed.text},${meta.slice(1)}`;
  }
  return Buffer.from(`${head}${meta}${tail === '{}' ? '}' : `,${tail.slice(1)}`}`);
}

/** The offset right after `"metadata":{`. A quote inside a string is escaped, so the first match is the field. */
export function splicePoint(stored: Uint8Array): number {
  const buffer = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  const start = buffer.indexOf(metadataStart);
  assert(start >= 0, 'stored bytes have metadata');
  return start + metadataStart.length;
}

/** The bytes to send: the stored ones with the revision in metadata. */
export function spliceRevision(stored: Uint8Array, revision: string): Uint8Array {
  const point = splicePoint(stored);
  const end = stored[point] === closingBrace ? revisionEnd : revisionEndMore;
  const result = Buffer.allocUnsafe(stored.length + revisionStart.length + revision.length + end.length);
  result.set(stored.subarray(0, point), 0);
  let offset = point;
  result.set(revisionStart, offset);
  offset += revisionStart.length;
  offset += result.write(revision, offset, 'latin1');
  result.set(end, offset);
  offset += end.length;
  result.set(stored.subarray(point), offset);
  return result;
}

/** An object without its managed fields, which are apart, in the form that is stored and not looked into. */
export interface ManagedApart {
  readonly object: ApiObject;
  readonly managed: ManagedFields;
}

/** Takes stored bytes apart: for everybody who does not send the object to a client as it is. */
export function decodeApart(stored: Uint8Array, revision: string): ManagedApart {
  const buffer = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  const start = splicePoint(stored);
  const begin = start + managedStart.length;
  if (managedStart.compare(buffer, start, Math.min(begin, buffer.length)) !== 0) {
    const object = decodeStored(stored, revision);
    return { object, managed: takeManagedFields(object.metadata) };
  }
  const end = buffer.indexOf(managedEnd, begin);
  const text = buffer.toString('utf8', 0, start) + buffer.toString('utf8', end + 2);
  const object = JSON.parse(text) as ApiObject;
  object.metadata!.resourceVersion = revision;
  return { object, managed: ManagedFields.stored(buffer.toString('utf8', begin - 1, end + 1)) };
}

/** The object as clients see it. What is stored was normalised when it was written. */
export function decodeStored(stored: Uint8Array, revision: string): ApiObject {
  const buffer = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  const object = JSON.parse(buffer.toString('utf8')) as ApiObject;
  object.metadata!.resourceVersion = revision;
  return object;
}

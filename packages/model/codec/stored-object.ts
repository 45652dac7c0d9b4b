import { assert } from '@keelson/base';
import type { ApiObject } from '../object.ts';

/**
 * An object as the store holds it: JSON that begins with apiVersion, kind and metadata, without
 * metadata.resourceVersion. The revision is known only when the write is done, so it is put in where metadata begins.
 */
const metadataStart = Buffer.from('"metadata":{');
const revisionStart = Buffer.from('"resourceVersion":"');
const revisionEnd = Buffer.from('"');
const revisionEndMore = Buffer.from('",');
const closingBrace = 0x7d;

/** @throws AssertionError for an object without apiVersion or kind, which nothing that is stored lacks. */
export function encodeObject(object: ApiObject): Uint8Array {
  const { apiVersion, kind, metadata = {}, ...rest } = object;
  assert(typeof apiVersion === 'string' && typeof kind === 'string', 'a stored object has an apiVersion and a kind');
  const { resourceVersion: _, ...kept } = metadata;
  const head = `{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},"metadata":`;
  const tail = JSON.stringify(rest);
  return Buffer.from(`${head}${JSON.stringify(kept)}${tail === '{}' ? '}' : `,${tail.slice(1)}`}`);
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

/** The object as clients see it. What is stored was normalised when it was written. */
export function decodeStored(stored: Uint8Array, revision: string): ApiObject {
  const buffer = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  const object = JSON.parse(buffer.toString('utf8')) as ApiObject;
  object.metadata!.resourceVersion = revision;
  return object;
}

import { type ApiObject, encodeObject, type ManagedApart, type Resource, showManagedFields } from '@keelson/model';
import { apiVersionOf } from '../request/decode-body.ts';
import { tooLarge } from '../request/status-error.ts';
import type { CachedObject } from '../storage/cached-object.ts';

/** The largest object that is stored, in bytes: what etcd takes in one request. */
export const objectLimit = 1.5 * (1 << 20);

/** True when the resource's version is the one that is stored, so that stored bytes can be sent as they are. */
export function isStoredForm(resource: Resource): boolean {
  return resource.strategy.storedAs === undefined;
}

/** A stored object in the form of `resource`'s version; a private copy. */
export function decodeAs(resource: Resource, cached: CachedObject): ApiObject {
  const { storedAs } = resource.strategy;
  const object = cached.decode();
  return storedAs === undefined ? object : storedAs.fromStored(object);
}

/** The same without its managed fields, which are apart: for planning writes. */
export function apartAs(resource: Resource, cached: CachedObject): ManagedApart {
  const { storedAs } = resource.strategy;
  const apart = cached.decodeApart();
  return storedAs === undefined ? apart : { ...apart, object: storedAs.fromStored(apart.object) };
}

/** The bytes to store; a promise of them where others convert the object. @throws StatusError 413 */
export function encodeFrom(resource: Resource, object: ApiObject): Uint8Array | Promise<Uint8Array> {
  const { storedAs } = resource.strategy;
  object.apiVersion = apiVersionOf(resource);
  object.kind = resource.kind;
  if (resource.form !== undefined) {
    // Whoever converts it knows managed fields only as clients see them.
    if (resource.version !== resource.storage.version) showManagedFields(object.metadata);
    const encoded = resource.form.encode(object);
    return encoded instanceof Uint8Array ? limited(encoded) : encoded.then(limited);
  }
  return limited(encodeObject(storedAs === undefined ? object : storedAs.toStored(object)));
}

function limited(bytes: Uint8Array): Uint8Array {
  if (bytes.length > objectLimit) throw tooLarge(`Request entity too large: limit is ${objectLimit}`);
  return bytes;
}

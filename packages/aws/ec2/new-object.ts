import type { ResourceRef } from '@keelson/client';
import type { ApiObject } from '@keelson/model';

/** A new object of the region's API. */
export function newObject<T extends ApiObject>(
  ref: ResourceRef<T>,
  name: string,
  spec: T['spec'],
  status?: T['status'],
): T {
  const object: ApiObject = { apiVersion: `${ref.group}/${ref.version}`, kind: ref.kind, metadata: { name }, spec };
  if (status !== undefined) object['status'] = status;
  return object as T;
}

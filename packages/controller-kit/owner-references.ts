import { apiVersionOf } from '@keelson/client';
import type { ApiObject, OwnerReference } from '@keelson/model';

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** The reference of the one owner that manages `object`; undefined when nobody does. */
export function controllerOf(object: ApiObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((reference) => reference.controller === true);
}

/** True when `owner` manages `object`. */
export function isControlledBy(object: ApiObject, owner: ApiObject): boolean {
  const reference = controllerOf(object);
  return reference !== undefined && reference.uid === owner.metadata?.uid;
}

/** What an object that `owner` makes names as its owner: managing, and in the way of the owner's foreground deletion. */
export function controllerReference(owner: ApiObject, kind: Kind): OwnerReference {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name: owner.metadata?.name ?? '',
    uid: owner.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The uids of everything that owns `object`: an index function. */
export function ownerUids(object: ApiObject): readonly string[] {
  return (object.metadata?.ownerReferences ?? []).map((reference) => reference.uid);
}

/** The uid of the owner that manages `object`: an index function. */
export function controllerUid(object: ApiObject): readonly string[] {
  const reference = controllerOf(object);
  return reference === undefined ? [] : [reference.uid];
}

/** The uid of the managing owner, or `orphan/<namespace>` when there is none: an index function. */
export function controllerUidOrOrphan(object: ApiObject): readonly string[] {
  const reference = controllerOf(object);
  return [reference?.uid ?? `orphan/${object.metadata?.namespace}`];
}

import { prefixEnd } from '@keelson/store';

/** What a key is made of. */
export interface KeyParts {
  readonly namespace: string;
  readonly name: string;
}

/** Where the objects of one resource lie in the store: `/registry/pods/`, `/registry/deployments.apps/`. */
export function resourcePrefix(group: string, resource: string): string {
  return group === '' ? `/registry/${resource}/` : `/registry/${resource}.${group}/`;
}

/** The key of one object below `prefix`; `namespace` is empty for cluster-scoped resources. */
export function objectKey(prefix: string, namespace: string, name: string): string {
  return namespace === '' ? `${prefix}${name}` : `${prefix}${namespace}/${name}`;
}

/** The first key of a listing and the one that ends it: everything, or one namespace. */
export function keyRange(prefix: string, namespace: string): { start: string; end: string } {
  const start = namespace === '' ? prefix : `${prefix}${namespace}/`;
  return { start, end: prefixEnd(start) };
}

/** Takes a key of `prefix` apart again. */
export function keyParts(prefix: string, namespaced: boolean, key: string): KeyParts {
  const rest = key.slice(prefix.length);
  const slash = namespaced ? rest.indexOf('/') : -1;
  return slash < 0 ? { namespace: '', name: rest } : { namespace: rest.slice(0, slash), name: rest.slice(slash + 1) };
}

import type { Store } from '@keelson/store';

/** Tells which revision a read has to have reached so that it misses nothing that was acknowledged before it. */
export type LatestRevision = () => Promise<number>;

/**
 * @param shared other processes write to the store too: then only the store itself knows, and is asked each time. A store
 * of this process alone has told all it acknowledged already.
 */
export function latestRevisionOf(store: Store, shared: boolean): LatestRevision {
  if (!shared) return async () => store.revision();
  const nothing = { start: '/registry/health', end: '/registry/health\0', countOnly: true };
  return async () => (await store.range(nothing)).revision;
}

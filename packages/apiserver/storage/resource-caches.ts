import type { World } from '@keelson/base';
import type { ApiObject, Resource, ResourceCatalogue } from '@keelson/model';
import type { Store } from '@keelson/store';
import type { ObjectChange, ObjectReader } from '../admission/contract.ts';
import { WatchCache, type WatchCacheLimits, watchCacheLimits } from './watch-cache.ts';

/** One watch cache for every stored resource of a catalogue, and what admission, authorisers and hooks read of them. */
export class ResourceCaches implements ObjectReader {
  readonly #byName = new Map<string, WatchCache>();

  constructor(options: {
    readonly world: World;
    readonly store: Store;
    readonly catalogue: ResourceCatalogue;
    readonly limits?: WatchCacheLimits;
  }) {
    const { world, store, catalogue, limits = watchCacheLimits } = options;
    for (const resource of catalogue.stored()) {
      if (resource.strategy.virtual) continue;
      const cache = new WatchCache(resource, store, world, limits);
      this.#byName.set(`${resource.storage.group}/${resource.resource}`, cache);
    }
  }

  /** Fills every cache; resolves when all are current. */
  async start(): Promise<void> {
    await Promise.all([...this.#byName.values()].map((cache) => cache.start()));
  }

  /** Ends every watch. */
  stop(): void {
    for (const cache of this.#byName.values()) cache.stop();
  }

  /** Ends every watch that clients have open; the caches stay current. */
  endWatches(): void {
    for (const cache of this.#byName.values()) cache.endWatches();
  }

  /** The cache of a resource in any of its versions; undefined for what is not stored. */
  of(resource: Resource): WatchCache | undefined {
    return this.#byName.get(`${resource.storage.group}/${resource.resource}`);
  }

  named(group: string, resource: string): WatchCache | undefined {
    return this.#byName.get(`${group}/${resource}`);
  }

  /** How much there is of a resource; undefined for what is not stored. */
  sizeOf(group: string, resource: string): { readonly objects: number; readonly watchers: number } | undefined {
    const cache = this.named(group, resource);
    return cache && { objects: cache.size, watchers: cache.broadWatchers };
  }

  all(): IterableIterator<WatchCache> {
    return this.#byName.values();
  }

  get ready(): boolean {
    for (const cache of this.#byName.values()) if (!cache.ready) return false;
    return true;
  }

  get(group: string, resource: string, namespace: string, name: string): Readonly<ApiObject> | undefined {
    return this.named(group, resource)?.get(namespace, name)?.object;
  }

  list(group: string, resource: string, namespace = ''): readonly Readonly<ApiObject>[] {
    return (
      this.named(group, resource)
        ?.list(namespace)
        .map((cached) => cached.object) ?? []
    );
  }

  observe(group: string, resource: string, listener: (change: ObjectChange) => void): () => void {
    return this.named(group, resource)?.observe(listener) ?? (() => {});
  }
}

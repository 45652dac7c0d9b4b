import type { World } from '@keelson/base';
import type { ApiObject, Resource, ResourceCatalogue } from '@keelson/model';
import type { Store } from '@keelson/store';
import type { ObjectChange, ObjectReader } from '../admission/contract.ts';
import { internal } from '../request/status-error.ts';
import { CustomCaches } from './custom-caches.ts';
import { WatchCache, type WatchCacheLimits, watchCacheLimits } from './watch-cache.ts';

/** How long a request waits for a cache that is being filled, in milliseconds. */
const openingWait = 3000;

/**
 * One watch cache for every stored resource of a catalogue, and what admission, authorisers and hooks read of them.
 * Resources that come and go while the server runs have a cache for each version, which is filled when it is first asked
 * for.
 */
export class ResourceCaches implements ObjectReader {
  readonly #byName = new Map<string, WatchCache>();
  readonly #custom: CustomCaches;

  constructor(options: {
    readonly world: World;
    readonly store: Store;
    readonly catalogue: ResourceCatalogue;
    readonly limits?: WatchCacheLimits;
  }) {
    const { world, store, catalogue, limits = watchCacheLimits } = options;
    this.#custom = new CustomCaches({ world, store, limits });
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
    for (const cache of this.all()) cache.stop();
  }

  /** Ends every watch that clients have open; the caches stay current. */
  endWatches(): void {
    for (const cache of this.all()) cache.endWatches();
  }

  /** The cache of a resource in any of its versions; undefined for what is not stored. */
  of(resource: Resource): WatchCache | undefined {
    if (resource.form !== undefined) return this.#custom.of(resource);
    return this.#byName.get(`${resource.storage.group}/${resource.resource}`);
  }

  named(group: string, resource: string): WatchCache | undefined {
    return this.#byName.get(`${group}/${resource}`) ?? this.#custom.named(group, resource);
  }

  /** How much there is of a resource; undefined for what is not stored. */
  sizeOf(group: string, resource: string): { readonly objects: number; readonly watchers: number } | undefined {
    // A question about size fills no cache.
    const cache = this.#byName.get(`${group}/${resource}`) ?? this.#custom.known(group, resource);
    return cache && { objects: cache.size, watchers: cache.broadWatchers };
  }

  /** Every cache that is in use. */
  *all(): Generator<WatchCache> {
    yield* this.#byName.values();
    yield* this.#custom.inUse();
  }

  /** Has every version of a custom resource cached from now on, in place of what was under its name. */
  serve(versions: readonly Resource[]): void {
    this.#custom.serve(versions);
  }

  /** Ends the caches of a custom resource, and every watch of it. */
  drop(group: string, resource: string): void {
    this.#custom.drop(group, resource);
  }

  /**
   * Waits until the cache of a custom resource is filled; at most so long as a read waits for a revision.
   * @throws StatusError 500 when it cannot be: its objects cannot be converted
   */
  async opened(resource: Resource): Promise<void> {
    const cache = this.#custom.of(resource);
    if (cache === undefined || cache.ready) return;
    if (cache.problem === undefined) await cache.waitFor(0, openingWait);
    if (!cache.ready && cache.problem !== undefined) throw internal(cache.problem);
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

  filled(group: string, resource: string): boolean | Promise<boolean> {
    const cache = this.named(group, resource);
    if (cache === undefined || cache.ready) return true;
    return cache.problem === undefined && cache.waitFor(0, openingWait);
  }

  observe(group: string, resource: string, listener: (change: ObjectChange) => void): () => void {
    return this.named(group, resource)?.observe(listener) ?? (() => {});
  }
}

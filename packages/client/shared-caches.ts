import { messageOf, type World } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import type { Client, ResourceRef } from './client.ts';
import { type ChangeHandler, ObjectCache } from './object-cache.ts';
import type { IndexFunction, ObjectIndex } from './object-index.ts';
import { Reflector, type Selection } from './reflector.ts';

export interface SharedCachesOptions {
  readonly client: Client;
  readonly world: World;
  /** Makes every object immutable, so that whoever changes one fails at once. Costs time: for tests. */
  readonly freeze?: boolean;
}

/** Where a component gets its caches from. */
export interface CacheSource {
  /** The cache of a resource, or of a selection of it: same resource and selection, same cache. */
  of<T extends ApiObject>(ref: ResourceRef<T>, selection?: Selection): SharedCache<T>;
  /** Ends the cache of a resource that is served no more. Its contents stay as they were. */
  drop(ref: ResourceRef, selection?: Selection): void;
}

/**
 * The objects of the API server, as this process knows them: one list and one watch for a resource, whoever asks, and
 * started when it is asked for first. What caches hand out belongs to everyone and must not be changed.
 */
export class SharedCaches implements CacheSource {
  readonly #options: SharedCachesOptions;
  readonly #caches = new Map<string, { readonly cache: SharedCache<ApiObject>; readonly stop: AbortController }>();
  #stopped = false;

  constructor(options: SharedCachesOptions) {
    this.#options = options;
  }

  of<T extends ApiObject>(ref: ResourceRef<T>, selection: Selection = {}): SharedCache<T> {
    const { namespace, labelSelector, fieldSelector } = selection;
    const key = JSON.stringify([ref.group, ref.version, ref.resource, namespace, labelSelector, fieldSelector]);
    const known = this.#caches.get(key);
    if (known !== undefined) return known.cache as unknown as SharedCache<T>;
    const cache = new SharedCache<T>(this.#options, ref, selection);
    const stop = new AbortController();
    if (this.#stopped) stop.abort();
    this.#caches.set(key, { cache: cache as unknown as SharedCache<ApiObject>, stop });
    void cache.run(stop.signal);
    return cache;
  }

  drop(ref: ResourceRef, selection: Selection = {}): void {
    const { namespace, labelSelector, fieldSelector } = selection;
    const key = JSON.stringify([ref.group, ref.version, ref.resource, namespace, labelSelector, fieldSelector]);
    this.#caches.get(key)?.stop.abort();
    this.#caches.delete(key);
  }

  /** Resolves when every cache that exists now has listed once (or the caches were stopped). */
  async synced(): Promise<void> {
    await Promise.all([...this.#caches.values()].map(({ cache }) => cache.synced));
  }

  /** True when every cache that exists now has listed once. */
  get hasSynced(): boolean {
    return [...this.#caches.values()].every(({ cache }) => cache.hasSynced);
  }

  /** Ends every watch. Caches stay readable, and change no more. */
  stop(): void {
    this.#stopped = true;
    for (const { stop } of this.#caches.values()) stop.abort();
  }
}

/** One resource as this process knows it. */
export class SharedCache<T extends ApiObject> {
  readonly ref: ResourceRef<T>;
  /** Resolves once the cache has the first list (or was stopped before). */
  readonly synced: Promise<void>;
  readonly #cache: ObjectCache<T>;
  readonly #reflector: Reflector<T>;
  #hasSynced = false;
  #release: () => void = () => {};

  constructor(options: SharedCachesOptions, ref: ResourceRef<T>, selection: Selection) {
    this.ref = ref;
    this.synced = new Promise((resolve) => {
      this.#release = resolve;
    });
    const failed = (thrown: unknown) =>
      options.world.log.error('a watch cache handler failed', { resource: ref.resource, error: messageOf(thrown) });
    this.#cache = new ObjectCache<T>(failed, options.freeze ?? false);
    const from = { client: options.client, ref, selection };
    this.#reflector = new Reflector<T>(from, this.#cache, options.world, () => {
      this.#hasSynced = true;
      this.#release();
    });
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** The revision up to which this cache is current; '' before the first list. */
  get revision(): string {
    return this.#reflector.revision;
  }

  get size(): number {
    return this.#cache.size;
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#cache.get(namespace, name);
  }

  list(namespace?: string): T[] {
    return this.#cache.list(namespace);
  }

  /** Objects by what `by` takes from them. The same name must always come with the same function. */
  index(name: string, by: IndexFunction<T>): ObjectIndex<T> {
    return this.#cache.index(name, by);
  }

  /** Calls `handler` for what is there, at once, and for every change from now on. Returns what ends it. */
  onChange(handler: ChangeHandler<T>): () => void {
    return this.#cache.onChange(handler);
  }

  /** Used by SharedCaches only. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#reflector.run(signal);
    this.#release();
  }
}

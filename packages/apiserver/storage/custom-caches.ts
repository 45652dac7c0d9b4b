import type { World } from '@keelson/base';
import type { Resource } from '@keelson/model';
import type { Store } from '@keelson/store';
import { FormStore } from './form-store.ts';
import { WatchCache, type WatchCacheLimits } from './watch-cache.ts';

/** The caches of custom resources: one for each version that somebody reads, made when it is first asked for. */
export class CustomCaches {
  readonly #world: World;
  readonly #store: Store;
  readonly #limits: WatchCacheLimits;
  /** The versions of each resource, the one that is stored first. */
  readonly #served = new Map<string, readonly Resource[]>();
  readonly #caches = new Map<string, WatchCache>();

  constructor(options: { readonly world: World; readonly store: Store; readonly limits: WatchCacheLimits }) {
    this.#world = options.world;
    this.#store = options.store;
    this.#limits = options.limits;
  }

  serve(versions: readonly Resource[]): void {
    const [first] = versions;
    if (first === undefined) return;
    this.drop(first.group, first.resource);
    const sorted = [...versions].sort((left, right) => rank(left) - rank(right));
    this.#served.set(`${first.group}/${first.resource}`, sorted);
  }

  drop(group: string, resource: string): void {
    for (const version of this.#served.get(`${group}/${resource}`) ?? []) {
      this.#caches.get(keyOf(version))?.stop();
      this.#caches.delete(keyOf(version));
    }
    this.#served.delete(`${group}/${resource}`);
  }

  /** The cache of a version as it is served now; undefined when it is not any more. Begins to fill a new one. */
  of(resource: Resource): WatchCache | undefined {
    const key = keyOf(resource);
    const known = this.#caches.get(key);
    if (known !== undefined) return known;
    const versions = this.#served.get(`${resource.group}/${resource.resource}`);
    const version = versions?.find((each) => each.version === resource.version);
    if (version?.form === undefined) return undefined;
    const cache = new WatchCache(version, new FormStore(this.#store, version.form), this.#world, this.#limits);
    this.#caches.set(key, cache);
    void cache.start();
    return cache;
  }

  /** The cache of the version that is stored. */
  named(group: string, resource: string): WatchCache | undefined {
    const [stored] = this.#served.get(`${group}/${resource}`) ?? [];
    return stored && this.of(stored);
  }

  /** The same when somebody has read it before. */
  known(group: string, resource: string): WatchCache | undefined {
    const [stored] = this.#served.get(`${group}/${resource}`) ?? [];
    return stored && this.#caches.get(keyOf(stored));
  }

  inUse(): IterableIterator<WatchCache> {
    return this.#caches.values();
  }
}

function rank({ version, storage }: Resource): number {
  return version === storage.version ? 0 : 1;
}

function keyOf({ group, version, resource }: Resource): string {
  return `${group}/${version}/${resource}`;
}

import { type BackoffPolicy, backoffDelay, messageOf, sleep, type World } from '@keelson/base';
import type { Resource } from '@keelson/model';
import type { Change, Store, StoreError, StoreWatch } from '@keelson/store';
import type { ObjectChange } from '../admission/contract.ts';
import { expired } from '../request/status-error.ts';
import { CacheWatcher } from './cache-watcher.ts';
import { CachedObject, type Selection } from './cached-object.ts';
import { EventHistory, type HistoryLimits } from './event-history.ts';
import { keyParts, keyRange, objectKey, resourcePrefix } from './object-key.ts';
import { RevisionWaiters } from './revision-waiters.ts';
import { SortedObjects } from './sorted-objects.ts';
import { CacheEvent } from './watch-item.ts';
import { WatcherIndex } from './watcher-index.ts';

export interface WatchCacheLimits {
  readonly history: HistoryLimits;
  /** Messages that one watcher may have waiting before it is dropped. */
  readonly watcherQueue: number;
  /** Objects read from the store at a time. */
  readonly page: number;
  /** Revisions that are replayed at start, so that watches from before it go on. */
  readonly replay: number;
}

export const watchCacheLimits: WatchCacheLimits = {
  history: { events: 5000, bytes: 8 << 20, age: 300_000 },
  watcherQueue: 1000,
  page: 2000,
  replay: 2000,
};

const retry: BackoffPolicy = { initial: 50, longest: 5000 };

/**
 * All objects of one resource as the store has them, kept current by one store watch, with the recent changes. It is
 * what GET, LIST and WATCH are answered from; everything in it is bytes until somebody needs more.
 */
export class WatchCache {
  readonly resource: Resource;
  readonly prefix: string;
  /** Where the objects come from, in the form of this cache's version. */
  readonly store: Store;
  readonly #world: World;
  readonly #limits: WatchCacheLimits;
  readonly #objects = new SortedObjects();
  readonly #watchers = new WatcherIndex();
  readonly #observers = new Set<(change: ObjectChange) => void>();
  readonly #waiters: RevisionWaiters;
  #history: EventHistory;
  #storeWatch: StoreWatch | undefined;
  #revision = 0;
  #ready = false;
  #filling = false;
  #problem: string | undefined;
  readonly #stopped = new AbortController();

  constructor(resource: Resource, store: Store, world: World, limits: WatchCacheLimits = watchCacheLimits) {
    this.resource = resource;
    this.prefix = resourcePrefix(resource.storage.group, resource.resource);
    this.store = store;
    this.#world = world;
    this.#limits = limits;
    this.#waiters = new RevisionWaiters(world.clock);
    this.#history = new EventHistory(limits.history, 0);
  }

  /** `pods`, `deployments.apps`. */
  get name(): string {
    const { storage, resource } = this.resource;
    return storage.group === '' ? resource : `${resource}.${storage.group}`;
  }

  /** Everything up to this revision is in here. */
  get revision(): number {
    return this.#revision;
  }

  /** False before the first filling and while the store is lost. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Why it could not be filled when that was last tried. */
  get problem(): string | undefined {
    return this.#problem;
  }

  get size(): number {
    return this.#objects.size;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /** Watchers that every change is offered to. */
  get broadWatchers(): number {
    return this.#watchers.broad;
  }

  /** Fills the cache; resolves when it is current, or when `stop` was called. Tries again while the store fails. */
  async start(): Promise<void> {
    this.#filling = true;
    for (let failures = 1; !this.#stopped.signal.aborted; failures++) {
      try {
        await this.#fill();
        this.#filling = false;
        this.#problem = undefined;
        return;
      } catch (error) {
        this.#problem = messageOf(error);
        // Whoever waits for an object that cannot be converted is told so at once.
        if (this.resource.form !== undefined) this.#waiters.settle(Number.MAX_SAFE_INTEGER);
        this.#world.log.warn('filling a watch cache failed', { resource: this.prefix, error: messageOf(error) });
        await sleep(this.#world.clock, backoffDelay(retry, failures), this.#stopped.signal);
      }
    }
  }

  /** Ends the store watch and every watcher. */
  stop(): void {
    this.#stopped.abort();
    this.#ready = false;
    this.#storeWatch?.cancel();
    this.endWatches();
    this.#waiters.settle(Number.MAX_SAFE_INTEGER);
  }

  /** Closes every watcher; clients come back elsewhere. */
  endWatches(): void {
    for (const watcher of this.#watchers.all()) watcher.close();
  }

  keyOf(namespace: string, name: string): string {
    return objectKey(this.prefix, this.resource.namespaced ? namespace : '', name);
  }

  get(namespace: string, name: string): CachedObject | undefined {
    return this.#objects.get(this.keyOf(namespace, name));
  }

  /** All objects of one namespace, or of all when it is empty, in the order of their keys. */
  list(namespace: string): readonly CachedObject[] {
    const { start, end } = keyRange(this.prefix, this.resource.namespaced ? namespace : '');
    return this.#objects.range(start, end);
  }

  /** An entry of this resource as the store gave it. */
  objectOf(key: string, revision: number, bytes: Uint8Array): CachedObject {
    const { namespace, name } = keyParts(this.prefix, this.resource.namespaced, key);
    return new CachedObject(this.resource, key, namespace, name, revision, bytes);
  }

  /** True once the cache has everything up to `revision`; false when `timeout` milliseconds have passed without it. */
  async waitFor(revision: number, timeout: number): Promise<boolean> {
    if (this.#revision >= revision && this.#ready) return true;
    this.#storeWatch?.requestProgress();
    await this.#waiters.wait(revision, timeout);
    return this.#revision >= revision && this.#ready;
  }

  /**
   * Changes after `after` that concern `selection`. The caller closes the watcher.
   * @throws StatusError 410 when some of them are forgotten
   */
  watch(options: { selection: Selection; bookmarks: boolean; after: number }): CacheWatcher {
    const backlog = this.#history.since(options.after);
    if (backlog === undefined) throw expired(`too old resource version: ${options.after} (${this.#history.floor})`);
    const limit = this.#limits.watcherQueue + backlog.length;
    const watcher = new CacheWatcher({ ...options, limit }, (gone) => this.#watchers.delete(gone));
    for (const batch of backlog) watcher.offer(batch);
    this.#watchers.add(watcher);
    return watcher;
  }

  /** See ObjectReader.observe. */
  observe(listener: (change: ObjectChange) => void): () => void {
    for (const object of this.#objects.values()) listener({ current: object.object });
    this.#observers.add(listener);
    return () => this.#observers.delete(listener);
  }

  /** Asks the store how far it is, forgets old changes, and tells watchers how far they are. */
  tick(): void {
    this.#history.expire(this.#world.clock.monotonic());
    this.#storeWatch?.requestProgress();
    if (this.#ready) for (const watcher of this.#watchers.all()) watcher.bookmark(this.#revision);
  }

  async #fill(): Promise<void> {
    const store = this.store;
    const { start, end } = keyRange(this.prefix, '');
    const latest = (await store.range({ start, end, countOnly: true })).revision;
    const from = Math.max(store.compactedRevision(), latest - this.#limits.replay, 1);
    const found = await this.#readAll(start, end, Math.min(from, latest));
    if (this.#stopped.signal.aborted) return;
    this.#replaceAll(found);
    this.#history = new EventHistory(this.#limits.history, from);
    this.#revision = from;
    const lost = Promise.withResolvers<never>();
    lost.promise.catch(() => {});
    this.#storeWatch = store.watch({
      start,
      end,
      fromRevision: from + 1,
      deliver: (changes, revision) => this.#deliver(changes, revision),
      progress: (revision) => this.#progress(revision),
      ended: (error) => {
        lost.reject(error);
        this.#lost(error);
      },
    });
    this.#storeWatch.requestProgress();
    this.#ready = true;
    await Promise.race([this.#waiters.wait(latest, 60_000), lost.promise]);
  }

  async #readAll(start: string, end: string, revision: number): Promise<CachedObject[]> {
    const found: CachedObject[] = [];
    let next = start;
    for (;;) {
      const page = await this.store.range({ start: next, end, revision, limit: this.#limits.page });
      for (const entry of page.entries) found.push(this.objectOf(entry.key, entry.modRevision, entry.value));
      const last = page.entries.at(-1);
      if (!page.more || last === undefined) return found;
      next = `${last.key}\0`;
    }
  }

  /** Observers are told what differs between what was here and `found`. */
  #replaceAll(found: readonly CachedObject[]): void {
    const before = new Map([...this.#objects.values()].map((object) => [object.key, object]));
    this.#objects.clear();
    for (const object of found) {
      const previous = before.get(object.key);
      before.delete(object.key);
      this.#objects.set(object);
      if (previous?.revision !== object.revision) this.#notify(object, previous);
    }
    for (const gone of before.values()) this.#notify(undefined, gone);
  }

  #deliver(changes: readonly Change[], revision: number): void {
    const events: CacheEvent[] = [];
    for (const { type, entry } of changes) {
      if (type === 'put') {
        const current = this.objectOf(entry.key, entry.modRevision, entry.value);
        const previous = this.#objects.set(current);
        events.push(new CacheEvent(revision, current, previous));
      } else {
        const previous = this.#objects.delete(entry.key);
        if (previous !== undefined) events.push(new CacheEvent(revision, undefined, previous));
      }
    }
    this.#revision = Math.max(this.#revision, revision);
    const batch = { revision, time: this.#world.clock.monotonic(), events };
    this.#history.push(batch);
    for (const event of events) this.#notify(event.current, event.previous);
    try {
      this.#watchers.offer(batch);
    } catch (error) {
      // What one object does to a selector must not stop the cache: everybody lists anew.
      this.#world.log.error('watchers could not be told of a change', { resource: this.prefix, error });
      this.endWatches();
    }
    this.#waiters.settle(this.#revision);
  }

  #progress(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
    this.#waiters.settle(this.#revision);
  }

  #notify(current: CachedObject | undefined, previous: CachedObject | undefined): void {
    if (this.#observers.size === 0) return;
    try {
      const change: ObjectChange = {
        ...(current ? { current: current.object } : {}),
        ...(previous ? { previous: previous.object } : {}),
      };
      for (const observer of this.#observers) observer(change);
    } catch (error) {
      this.#world.log.error('an observer of a resource failed', { resource: this.prefix, error });
    }
  }

  /** The store watch has ended: watchers come back by themselves once the cache is filled anew. */
  #lost(error: StoreError): void {
    if (this.#stopped.signal.aborted) return;
    this.#ready = false;
    this.#storeWatch = undefined;
    for (const watcher of this.#watchers.all()) watcher.close();
    if (error.code === 'closed' || this.#filling) return;
    this.#world.log.warn('a watch cache lost its store watch', { resource: this.prefix, error: error.message });
    queueMicrotask(() => void this.start());
  }
}

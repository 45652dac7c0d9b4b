import { messageOf, type Timer, type World } from '@keelson/base';
import { type Store, StoreError } from '@keelson/store';
import type { ResourceCaches } from './resource-caches.ts';

export interface StoreKeeperLimits {
  /** Milliseconds. */
  readonly historyWindow: number;
  /** Milliseconds. */
  readonly bookmarkPeriod: number;
}

/** How long a health check waits for the store, in milliseconds. */
const healthWait = 2000;

/** Looks after the store while the server runs: forgets history outside the window, and keeps the caches' revisions moving. */
export class StoreKeeper {
  readonly #world: World;
  readonly #store: Store;
  readonly #caches: ResourceCaches;
  readonly #limits: StoreKeeperLimits;
  #timers: Timer[] = [];
  /** The revision that was the latest one window ago, by now; it is compacted to at the next turn. */
  #windowStart = 0;
  #stopped = false;

  constructor(options: { world: World; store: Store; caches: ResourceCaches; limits: StoreKeeperLimits }) {
    this.#world = options.world;
    this.#store = options.store;
    this.#caches = options.caches;
    this.#limits = options.limits;
  }

  start(): void {
    this.#windowStart = this.#store.revision();
    this.#every(this.#limits.bookmarkPeriod, () => {
      for (const cache of this.#caches.all()) cache.tick();
    });
    this.#every(this.#limits.historyWindow, () => void this.#compact());
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }

  /** Whether the store answers: nothing, or the reason why not. */
  async check(): Promise<string | undefined> {
    const late = Promise.withResolvers<string>();
    const timer = this.#world.clock.setTimer(healthWait, () => late.resolve('the store does not answer'));
    try {
      return await Promise.race([this.#ask(), late.promise]);
    } finally {
      timer.cancel();
    }
  }

  async #ask(): Promise<string | undefined> {
    try {
      await this.#store.get('/registry/health');
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  async #compact(): Promise<void> {
    const revision = this.#windowStart;
    this.#windowStart = this.#store.revision();
    if (revision <= this.#store.compactedRevision()) return;
    try {
      await this.#store.compact(revision);
    } catch (error) {
      if (error instanceof StoreError && error.code === 'compacted') return;
      this.#world.log.warn('compacting the store failed', { revision, error: messageOf(error) });
    }
  }

  #every(period: number, work: () => void): void {
    const again = () => {
      const timer = this.#world.clock.setTimer(period, () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
        if (this.#stopped) return;
        work();
        again();
      });
      this.#timers.push(timer);
    };
    again();
  }
}

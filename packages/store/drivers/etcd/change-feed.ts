import { backoffDelay, type Timer, type World } from '@keelson/base';
import { type Change, StoreError } from '../../store.ts';
import { compactedAt } from '../../transaction-check.ts';
import { type HubWatch, WatchHub } from '../../watch-hub.ts';
import type { Endpoints } from './endpoints.ts';
import type { KeySpace } from './key-space.ts';
import { WatchStream } from './watch-stream.ts';

const reconnect = { initial: 50, longest: 5_000 };
/** How long the changes of a revision may take to arrive before the fence is written, in milliseconds. */
const fenceDelay = 1_000;

/** What the feed needs of the store. */
export interface FeedOwner {
  /** The revision of the last write known to this process. */
  revision(): number;
  /** The revision of the last write, by whomever. */
  latestRevision(): Promise<number>;
  /** Writes the fence. */
  writeFence(): Promise<void>;
  saw(revision: number): void;
  compacted(revision: number): void;
  /** What was read and acknowledged is no longer true: nothing may be asked of the store any more. */
  lost(error: StoreError): void;
}

/**
 * Every change of the key space, once and in order, over lost connections too; and the watches that it feeds. A watch
 * from history has a stream of its own until that has come as far as the feed.
 */
export class ChangeFeed {
  readonly #world: World;
  readonly #endpoints: Endpoints;
  readonly #space: KeySpace;
  readonly #owner: FeedOwner;
  readonly #streams = new Set<WatchStream>();
  readonly #timers = new Set<Timer>();
  readonly hub: WatchHub;
  #cluster: number | undefined;
  #failures = 0;
  #closed = false;
  #asking = new Set<HubWatch>();
  #round: Promise<void> | undefined;
  /** What waits for the feed, or a history, to reach a revision. */
  #fence: Timer | undefined;

  constructor(world: World, endpoints: Endpoints, space: KeySpace, position: number, owner: FeedOwner) {
    this.#world = world;
    this.#endpoints = endpoints;
    this.#space = space;
    this.#owner = owner;
    this.hub = new WatchHub(world.log, position, {
      latest: () => owner.revision(),
      catchUp: (watch) => this.#catchUp(watch, 0),
      requestProgress: (watch) => this.#ask(watch),
    });
    this.#follow();
  }

  close(error: StoreError): void {
    this.#closed = true;
    this.hub.close(error);
    for (const timer of this.#timers) timer.cancel();
    for (const stream of this.#streams) stream.cancel();
    this.#timers.clear();
    this.#streams.clear();
  }

  #follow(): void {
    const stream = this.#open(this.hub.position, {
      created: (revision, cluster) => {
        this.#failures = 0;
        this.#checkHistory(revision, cluster);
      },
      revision: (changes, revision) => {
        this.#owner.saw(revision);
        this.hub.publish(changes, revision);
      },
      compacted: (compacted) => {
        // While the connection was lost, history went on and was compacted: every watch has a gap now.
        const error = compactedAt(this.hub.position + 1, compacted);
        this.#owner.compacted(compacted);
        this.hub.advance(compacted);
        this.hub.endAll(error);
        this.#streams.delete(stream);
        this.#later(0, () => this.#follow());
      },
      failed: (error) => {
        this.#streams.delete(stream);
        const delay = backoffDelay(reconnect, ++this.#failures);
        this.#world.log.warn('the watch of etcd was lost', { error, delay, position: this.hub.position });
        this.#later(delay, () => this.#follow());
      },
    });
  }

  /** An etcd that was restored from a backup counts its revisions anew: what the watches know is no longer true. */
  #checkHistory(revision: number, cluster: number): void {
    const other = this.#cluster !== undefined && this.#cluster !== cluster;
    this.#cluster = cluster;
    if (!other && revision >= this.hub.position) return;
    const message = `etcd is at revision ${revision} and was at ${this.hub.position}: it was restored or replaced`;
    this.#world.log.error('etcd went back in time', { revision, position: this.hub.position, other });
    const error = new StoreError('unavailable', `${message}; open the store again`);
    this.#owner.lost(error);
    this.close(error);
  }

  /** Reads history for a watch until it has come as far as the feed; a lost stream goes on from where it was. */
  #catchUp(watch: HubWatch, failures: number): void {
    if (watch.done || this.#closed) return;
    const finish = () => {
      if (watch.done) this.#drop(stream);
      if (watch.done || watch.next <= this.hub.position) return;
      this.#drop(stream);
      watch.live();
    };
    const stream = this.#open(watch.next - 1, {
      created: () => finish(),
      revision: (changes: readonly Change[], revision: number) => {
        watch.replay(changes, revision);
        watch.next = Math.max(watch.next, revision + 1);
        finish();
      },
      compacted: (compacted) => {
        this.#owner.compacted(compacted);
        this.#drop(stream);
        watch.end(compactedAt(watch.next, compacted));
      },
      failed: () => {
        this.#drop(stream);
        this.#later(backoffDelay(reconnect, failures + 1), () => this.#catchUp(watch, failures + 1));
      },
    });
    // The feed's position may be a revision in which nothing of this key space changed.
    this.#fenceUnless(() => watch.done || watch.next > this.hub.position);
  }

  /** Coalesces the watches that ask while a round is under way into the next one. */
  #ask(watch: HubWatch): void {
    this.#asking.add(watch);
    this.#round ??= Promise.resolve().then(() => this.#runRounds());
  }

  async #runRounds(): Promise<void> {
    for (let failures = 0; this.#asking.size > 0 && !this.#closed; ) {
      const asking = this.#asking;
      this.#asking = new Set();
      try {
        await this.#reach(await this.#owner.latestRevision());
        failures = 0;
        for (const watch of asking) watch.progressed(this.hub.position);
      } catch (error) {
        this.#world.log.warn('the progress of watches is not known', { error });
        for (const watch of asking) if (!watch.done) this.#asking.add(watch);
        const delay = backoffDelay(reconnect, ++failures);
        await new Promise<void>((resolve) => this.#later(delay, resolve));
      }
    }
    this.#round = undefined;
  }

  /** Resolves when everything up to `revision` has been published. */
  async #reach(revision: number): Promise<void> {
    if (this.hub.position >= revision) return;
    this.#fenceUnless(() => this.hub.position >= revision);
    for (let delay = 1; this.hub.position < revision && !this.#closed; delay = Math.min(delay * 2, 50))
      await new Promise<void>((resolve) => this.#later(delay, resolve));
  }

  /** Writes the fence when `reached` does not hold after a while, and again until it does. */
  #fenceUnless(reached: () => boolean): void {
    this.#later(fenceDelay, () => {
      if (reached()) return;
      this.#fence ??= this.#world.clock.setTimer(0, () => {
        this.#fence = undefined;
        if (!this.#closed)
          this.#owner.writeFence().catch((error) => this.#world.log.warn('the fence was not written', { error }));
      });
      this.#fenceUnless(reached);
    });
  }

  #open(after: number, handler: ConstructorParameters<typeof WatchStream>[3]): WatchStream {
    const stream = new WatchStream(this.#endpoints, this.#space, after, handler);
    this.#streams.add(stream);
    return stream;
  }

  #drop(stream: WatchStream): void {
    stream.cancel();
    this.#streams.delete(stream);
  }

  #later(delay: number, callback: () => void): void {
    if (this.#closed) return;
    const timer = this.#world.clock.setTimer(delay, () => {
      this.#timers.delete(timer);
      callback();
    });
    this.#timers.add(timer);
  }
}

import type { Log } from '@keelson/base';
import { inRange } from './key-order.ts';
import type { Change, StoreError, StoreWatch, WatchRequest } from './store.ts';

/** What one driver does differently for a watch. */
export interface WatchSource {
  /** The store's revision, which the stream of changes may not have come to yet. */
  latest(): number;
  /**
   * Hands `watch` its history from `watch.next` on with `replay`, then calls `live`; or `end`. It is called once, after
   * `Store.watch` has returned.
   */
  catchUp(watch: HubWatch): void;
  /** Sees to it that `progressed` is called soon. Called for live watches only. */
  requestProgress(watch: HubWatch): void;
}

/**
 * The watches of one store object, fed by its one stream of changes. A watch is catching up until its driver has
 * replayed the history it asked for; then it is live and gets what is published.
 */
export class WatchHub {
  readonly #watches = new Set<HubWatch>();
  readonly #log: Log;
  readonly #source: WatchSource;
  readonly #queue: { readonly changes: readonly Change[]; readonly revision: number }[] = [];
  #draining = false;
  #position: number;
  #closed: StoreError | undefined;

  constructor(log: Log, position: number, source: WatchSource) {
    this.#log = log;
    this.#position = position;
    this.#source = source;
  }

  /** Everything up to this revision has been published. */
  get position(): number {
    return this.#position;
  }

  open(request: WatchRequest): StoreWatch {
    const watch = new HubWatch(this, request, request.fromRevision || this.#source.latest() + 1);
    this.#watches.add(watch);
    queueMicrotask(() => {
      if (this.#closed !== undefined) watch.end(this.#closed);
      else if (watch.next > this.#position) watch.live();
      else if (!watch.done) this.#source.catchUp(watch);
    });
    return watch;
  }

  /** Hands one revision's changes to every live watch. What a callback sets off is published after it, in order. */
  publish(changes: readonly Change[], revision: number): void {
    this.#queue.push({ changes, revision });
    if (this.#draining) return;
    this.#draining = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      this.#position = Math.max(this.#position, next.revision);
      for (const watch of this.#watches) watch.publish(next.changes, next.revision);
    }
    this.#draining = false;
  }

  /** Everything up to `revision` has been published, though nothing had to be. */
  advance(revision: number): void {
    this.#position = Math.max(this.#position, revision);
  }

  /** Ends every watch, and each that is opened later, with `error`. */
  close(error: StoreError): void {
    this.#closed ??= error;
    this.endAll(error);
  }

  /** Ends every watch that is open now with `error`. */
  endAll(error: StoreError): void {
    for (const watch of [...this.#watches]) watch.end(error);
  }

  /** For HubWatch. */
  forget(watch: HubWatch): void {
    this.#watches.delete(watch);
  }

  /** For HubWatch. */
  askProgress(watch: HubWatch): void {
    this.#source.requestProgress(watch);
  }

  /** For HubWatch: runs a callback of a watcher, which must not be able to stop the others. */
  call(watch: HubWatch, callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#log.error('a watch callback threw, the watch is dropped', { error });
      watch.cancel();
    }
  }
}

/** One watch, as its driver sees it. */
export class HubWatch implements StoreWatch {
  readonly #hub: WatchHub;
  readonly request: WatchRequest;
  /** The lowest revision that it has not been handed yet. */
  next: number;
  #live = false;
  #done = false;
  #progressWanted = false;

  constructor(hub: WatchHub, request: WatchRequest, next: number) {
    this.#hub = hub;
    this.request = request;
    this.next = next;
  }

  get done(): boolean {
    return this.#done;
  }

  requestProgress(): void {
    if (this.#done) return;
    if (this.#live) this.#hub.askProgress(this);
    else this.#progressWanted = true;
  }

  cancel(): void {
    this.#done = true;
    this.#hub.forget(this);
  }

  /** From the hub: a revision's changes, for live watches. */
  publish(changes: readonly Change[], revision: number): void {
    if (this.#live) this.replay(changes, revision);
  }

  /** Hands over what of one revision's changes lies in the range and has not been handed over. */
  replay(changes: readonly Change[], revision: number): void {
    if (this.#done || revision < this.next) return;
    const { start, end } = this.request;
    const wanted = changes.filter((change) => inRange(change.entry.key, start, end));
    this.next = revision + 1;
    if (wanted.length > 0) this.#hub.call(this, () => this.request.deliver(wanted, revision));
  }

  /** History is behind it: everything up to the hub's position has been handed over. */
  live(): void {
    if (this.#done || this.#live) return;
    this.#live = true;
    // What was written before a watch from now on need not be waited for.
    const { fromRevision } = this.request;
    this.progressed(Math.max(this.#hub.position, fromRevision === 0 ? this.next - 1 : 0));
    if (this.#progressWanted) this.requestProgress();
  }

  /** Everything up to `revision` has been handed over. */
  progressed(revision: number): void {
    if (this.#done) return;
    this.#hub.call(this, () => this.request.progress?.(revision));
  }

  end(error: StoreError): void {
    if (this.#done) return;
    this.cancel();
    this.#hub.call(this, () => this.request.ended(error));
  }
}

import { BoundedQueue } from '@keelson/base';
import type { CachedObject, Selection } from './cached-object.ts';
import type { EventBatch } from './event-history.ts';
import type { WatchItem } from './watch-item.ts';

/** What a watcher is handed at a time: events of one revision, or word that it has seen everything up to one. */
export type WatcherMessage =
  | { readonly type: 'events'; readonly items: readonly WatchItem[] }
  | { readonly type: 'bookmark'; readonly revision: number };

/** The most telling equality of a selection: what watchers are found by. */
export interface Trigger {
  readonly field: string;
  readonly value: string;
}

/**
 * One client's view of a cache's changes. A client that reads too slowly is dropped at the limit of its queue: it comes
 * back and goes on from the last revision it saw.
 */
export class CacheWatcher {
  readonly selection: Selection;
  readonly bookmarks: boolean;
  readonly trigger: Trigger | undefined;
  readonly #queue: BoundedQueue<WatcherMessage>;
  readonly #after: number;
  readonly #remove: (watcher: CacheWatcher) => void;
  readonly #wants = (object: CachedObject): boolean => object.matches(this.selection);
  #overflowed = false;

  constructor(
    options: { selection: Selection; bookmarks: boolean; after: number; limit: number },
    remove: (watcher: CacheWatcher) => void,
  ) {
    this.selection = options.selection;
    this.bookmarks = options.bookmarks;
    this.trigger = triggerOf(options.selection);
    this.#after = options.after;
    this.#queue = new BoundedQueue(options.limit);
    this.#remove = remove;
  }

  /** True when it was dropped because it fell behind. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** Takes one revision's changes; those at or below its starting revision are old news. */
  offer(batch: EventBatch): void {
    if (batch.revision <= this.#after) return;
    const items: WatchItem[] = [];
    for (const event of batch.events) {
      const item = event.itemFor(this.#wants);
      if (item !== undefined) items.push(item);
    }
    if (items.length > 0) this.#push({ type: 'events', items });
  }

  /** Tells the client that it has everything up to `revision`. One that is busy is told by its events anyway. */
  bookmark(revision: number): void {
    if (this.bookmarks && revision >= this.#after && this.#queue.length < this.#queue.limit / 2)
      this.#push({ type: 'bookmark', revision });
  }

  take(): Promise<WatcherMessage | undefined> {
    return this.#queue.take();
  }

  poll(): WatcherMessage | undefined {
    return this.#queue.poll();
  }

  /** Takes no more; what is queued can still be taken. */
  close(): void {
    this.#queue.close();
    this.#remove(this);
  }

  #push(message: WatcherMessage): void {
    if (this.#queue.closed || this.#queue.offer(message)) return;
    this.#overflowed = true;
    this.close();
  }
}

/** An object's name is the best trigger, then any other field, then the namespace. */
function triggerOf(selection: Selection): Trigger | undefined {
  const equalities = (selection.fields ?? []).filter((term) => term.operator === '=');
  const best =
    equalities.find((term) => term.field === 'metadata.name') ??
    equalities.find((term) => term.field !== 'metadata.namespace') ??
    equalities[0];
  if (best !== undefined) return { field: best.field, value: best.value };
  return selection.namespace ? { field: 'metadata.namespace', value: selection.namespace } : undefined;
}

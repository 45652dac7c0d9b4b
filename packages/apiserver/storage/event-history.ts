import type { CacheEvent } from './watch-item.ts';

/** All changes of one revision; they are sent together, so that no watch is cut between them. */
export interface EventBatch {
  readonly revision: number;
  /** When it came, on the monotonic clock, in milliseconds. */
  readonly time: number;
  readonly events: readonly CacheEvent[];
}

export interface HistoryLimits {
  readonly events: number;
  readonly bytes: number;
  /** Milliseconds. */
  readonly age: number;
}

/** The bytes made for watchers are kept for so many of the last batches: nearly everybody has read them by then. */
const framesKept = 256;

/** The recent changes of one resource, bounded by number, bytes and age: what a watch that comes back begins with. */
export class EventHistory {
  readonly #limits: HistoryLimits;
  #batches: EventBatch[] = [];
  #head = 0;
  #events = 0;
  #bytes = 0;
  #floor: number;

  constructor(limits: HistoryLimits, floor: number) {
    this.#limits = limits;
    this.#floor = floor;
  }

  /** Every change with a higher revision is here. */
  get floor(): number {
    return this.#floor;
  }

  get length(): number {
    return this.#events;
  }

  push(batch: EventBatch): void {
    this.#batches.push(batch);
    this.#events += batch.events.length;
    for (const event of batch.events) this.#bytes += event.size;
    const old = this.#batches[this.#batches.length - 1 - framesKept];
    if (old !== undefined && this.#batches.length - 1 - framesKept >= this.#head)
      for (const event of old.events) event.forget();
    while (this.#events > this.#limits.events || this.#bytes > this.#limits.bytes) this.#drop();
  }

  /** Forgets what came longer ago than the limit. */
  expire(now: number): void {
    while (this.#head < this.#batches.length && now - this.#batches[this.#head]!.time > this.#limits.age) this.#drop();
  }

  /** The batches after `revision`; undefined when some of them are forgotten. */
  since(revision: number): readonly EventBatch[] | undefined {
    if (revision < this.#floor) return undefined;
    let low = this.#head;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#batches[middle]!.revision > revision) high = middle;
      else low = middle + 1;
    }
    return this.#batches.slice(low);
  }

  #drop(): void {
    const batch = this.#batches[this.#head++]!;
    this.#events -= batch.events.length;
    for (const event of batch.events) this.#bytes -= event.size;
    this.#floor = batch.revision;
    if (this.#head > 64 && this.#head * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#head);
      this.#head = 0;
    }
  }
}

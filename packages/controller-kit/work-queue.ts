import { assert, type BackoffPolicy, backoffDelay, type Clock, type Timer } from '@keelson/base';
import { TokenBucket } from './token-bucket.ts';

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Waits after failures of one key, in milliseconds. Default 5 ms to 1000 s, as Kubernetes' controllers have it. */
  readonly backoff?: BackoffPolicy;
  /** How many rate-limited additions a second all keys have together, and how many at once. Default 10 and 100. */
  readonly perSecond?: number;
  readonly burst?: number;
  /** How many keys may be known at once, in any state; beyond it is a fault of the program. Default a million. */
  readonly limit?: number;
}

/**
 * The keys that need a look. A key is in it once, however often it is added; a key that is added while it is worked on
 * comes again afterwards, so that one key is never worked on twice at a time.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #backoff: BackoffPolicy;
  readonly #bucket: TokenBucket;
  readonly #limit: number;
  /** In the order in which they will be taken. */
  readonly #ready = new Set<string>();
  readonly #working = new Set<string>();
  /** Added while they were worked on. */
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, { readonly due: number; readonly timer: Timer }>();
  readonly #failures = new Map<string, number>();
  readonly #waiting: ((key: string | undefined) => void)[] = [];
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#backoff = options.backoff ?? { initial: 5, longest: 1_000_000 };
    this.#bucket = new TokenBucket(options.clock, options.perSecond ?? 10, options.burst ?? 100);
    this.#limit = options.limit ?? 1_000_000;
  }

  /** Keys that could be taken now. */
  get length(): number {
    return this.#ready.size;
  }

  /** True when no key is ready or being worked on; delayed ones do not count. */
  get idle(): boolean {
    return this.#ready.size === 0 && this.#working.size === 0;
  }

  /** Has `key` looked at as soon as a worker is free. */
  add(key: string): void {
    if (this.#closed) return;
    if (this.#working.has(key)) {
      this.#again.add(key);
      return;
    }
    const waiting = this.#waiting.shift();
    if (waiting !== undefined && !this.#ready.has(key)) {
      this.#working.add(key);
      waiting(key);
      return;
    }
    if (waiting !== undefined) this.#waiting.unshift(waiting);
    assert(this.#ready.size + this.#delayed.size < this.#limit, `a work queue holds ${this.#limit} keys`);
    this.#ready.add(key);
  }

  /** Has `key` looked at in `delay` milliseconds; of several delays for one key the soonest counts. */
  addAfter(key: string, delay: number): void {
    if (this.#closed) return;
    if (delay <= 0) {
      this.add(key);
      return;
    }
    const due = this.#clock.monotonic() + delay;
    const known = this.#delayed.get(key);
    if (known !== undefined && known.due <= due) return;
    known?.timer.cancel();
    assert(this.#ready.size + this.#delayed.size < this.#limit, `a work queue holds ${this.#limit} keys`);
    const timer = this.#clock.setTimer(delay, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { due, timer });
  }

  /** Has `key` looked at again after a failure: later for every failure in a row, and later when many fail. */
  addRateLimited(key: string): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    this.addAfter(key, Math.max(backoffDelay(this.#backoff, failures), this.#bucket.reserve()));
  }

  /** Failures of `key` in a row. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Ends a row of failures. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, waiting for one; undefined once the queue is closed. Whoever takes a key must say `done`. */
  take(): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    for (const key of this.#ready) {
      this.#ready.delete(key);
      this.#working.add(key);
      return Promise.resolve(key);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The work on `key` has ended, well or badly. */
  done(key: string): void {
    this.#working.delete(key);
    if (this.#again.delete(key)) this.add(key);
  }

  /** Gives out no more keys, and cancels what is delayed. */
  close(): void {
    this.#closed = true;
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    this.#ready.clear();
    for (const waiting of this.#waiting.splice(0)) waiting(undefined);
  }
}

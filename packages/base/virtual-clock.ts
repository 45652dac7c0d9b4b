import { assert } from './assert.ts';
import type { Clock, Timer } from './clock.ts';

interface Pending {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * Time that stands still until it is moved. Timers fire in the order of their due times, and between two of them
 * everything that the first one set off (promises, immediates) comes to rest; so a run depends on nothing but what was
 * scheduled.
 */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #start: number;
  readonly #pending: Pending[] = [];

  /** Starts at `start`, in milliseconds since 1970. */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#start = start;
    this.#now = start;
  }

  now(): number {
    return Math.floor(this.#now);
  }

  monotonic(): number {
    return this.#now - this.#start;
  }

  setTimer(delay: number, callback: () => void): Timer {
    assert(!Number.isNaN(delay), 'a timer needs a delay in milliseconds');
    const entry: Pending = { due: this.#now + Math.max(delay, 0), order: this.#order++, callback };
    this.#push(entry);
    return { cancel: () => this.#remove(entry) };
  }

  /** When the next timer is due, in milliseconds since 1970; undefined when none is set. */
  nextDue(): number | undefined {
    return this.#pending[0]?.due;
  }

  /** Moves time forward by `milliseconds`, firing what falls due on the way. */
  async advance(milliseconds: number): Promise<void> {
    await this.#runTo(this.#now + milliseconds, () => false);
  }

  /**
   * Moves time forward until `condition` holds and resolves to true, or to false when `limit` milliseconds have passed
   * without it.
   */
  async until(condition: () => boolean, limit = 600_000): Promise<boolean> {
    await settle();
    if (condition()) return true;
    await this.#runTo(this.#now + limit, condition);
    return condition();
  }

  async #runTo(target: number, stop: () => boolean): Promise<void> {
    await settle();
    while (!stop()) {
      const next = this.#pending[0];
      if (next === undefined || next.due > target) {
        this.#now = Math.max(this.#now, target);
        return;
      }
      this.#remove(next);
      this.#now = Math.max(this.#now, next.due);
      next.callback();
      await settle();
    }
  }

  #push(entry: Pending): void {
    let low = 0;
    let high = this.#pending.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#pending[middle]!;
      if (other.due < entry.due || (other.due === entry.due && other.order < entry.order)) low = middle + 1;
      else high = middle;
    }
    this.#pending.splice(low, 0, entry);
  }

  #remove(entry: Pending): void {
    const index = this.#pending.indexOf(entry);
    if (index >= 0) this.#pending.splice(index, 1);
  }
}

/** Lets every promise and immediate that is ready run, and those that they make ready. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

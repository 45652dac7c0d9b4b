import type { Clock, Timer } from '@keelson/base';

interface Waiter {
  readonly revision: number;
  readonly timer: Timer;
  readonly resolve: () => void;
}

/** Those who wait for a cache to reach a revision. */
export class RevisionWaiters {
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when `settle` is called with `revision` or more, or after `timeout` milliseconds. */
  wait(revision: number, timeout: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiters.delete(waiter);
        waiter.timer.cancel();
        resolve();
      };
      const waiter: Waiter = { revision, resolve: done, timer: this.#clock.setTimer(timeout, done) };
      this.#waiters.add(waiter);
    });
  }

  settle(revision: number): void {
    for (const waiter of this.#waiters) if (waiter.revision <= revision) waiter.resolve();
  }
}

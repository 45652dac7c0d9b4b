import type { Clock } from '@keelson/base';

const entryLimit = 1000;

/** What an upstream has just said that it does not have; it is believed for half a minute. */
export class NegativeCache {
  readonly #clock: Clock;
  readonly #lifetime: number;
  readonly #until = new Map<string, number>();

  constructor(clock: Clock, lifetime = 30_000) {
    this.#clock = clock;
    this.#lifetime = lifetime;
  }

  has(key: string): boolean {
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (until > this.#clock.monotonic()) return true;
    this.#until.delete(key);
    return false;
  }

  add(key: string): void {
    this.#until.delete(key);
    if (this.#until.size >= entryLimit) this.#until.delete(this.#until.keys().next().value!);
    this.#until.set(key, this.#clock.monotonic() + this.#lifetime);
  }
}

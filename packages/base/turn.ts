import { type Clock, sleep } from './clock.ts';

/** How long one piece of work may hold up all others, in milliseconds. */
const longest = 10;

/** Long work in one thread, cut into turns: whoever does it looks now and then whether its turn is over. */
export class Turn {
  readonly #clock: Clock;
  #began: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#began = clock.monotonic();
  }

  get over(): boolean {
    return this.#clock.monotonic() - this.#began >= longest;
  }

  /** Lets others go first. */
  async next(): Promise<void> {
    await sleep(this.#clock, 0);
    this.#began = this.#clock.monotonic();
  }
}

import { type Random, randomInteger } from '@keelson/base';

/**
 * Numbers from `first` to `last` that stored objects hold, or writes under way have taken. What is stored is told by
 * whoever watches the objects, so that nothing is lost or leaked by a crash.
 */
export class NumberPool {
  readonly #first: number;
  readonly #last: number;
  readonly #random: Random;
  readonly #stored = new Map<number, Set<string>>();
  readonly #pending = new Map<number, string>();

  constructor(first: number, last: number, random: Random) {
    this.#first = first;
    this.#last = last;
    this.#random = random;
  }

  has(number: number): boolean {
    return number >= this.#first && number <= this.#last;
  }

  /** Someone other than `owner` has it. */
  takenBy(number: number, owner: string): boolean {
    const pending = this.#pending.get(number);
    if (pending !== undefined && pending !== owner) return true;
    const owners = this.#stored.get(number);
    return owners !== undefined && (owners.size > 1 || !owners.has(owner));
  }

  /** A free number, taken for `owner`; undefined when there is none. */
  takeAny(owner: string): number | undefined {
    const count = this.#last - this.#first + 1;
    const start = randomInteger(this.#random, count);
    for (let step = 0; step < count; step++) {
      const number = this.#first + ((start + step) % count);
      if (this.#stored.has(number) || this.#pending.has(number)) continue;
      this.#pending.set(number, owner);
      return number;
    }
    return undefined;
  }

  take(number: number, owner: string): void {
    this.#pending.set(number, owner);
  }

  /** The write that took it is over: it is stored by now, or free again. */
  settle(number: number): void {
    this.#pending.delete(number);
  }

  /** An object with it came. */
  store(number: number, owner: string): void {
    const owners = this.#stored.get(number);
    if (owners === undefined) this.#stored.set(number, new Set([owner]));
    else owners.add(owner);
  }

  /** An object with it went. */
  forget(number: number, owner: string): void {
    const owners = this.#stored.get(number);
    owners?.delete(owner);
    if (owners?.size === 0) this.#stored.delete(number);
  }
}

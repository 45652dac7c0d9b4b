import { createHash, randomBytes } from 'node:crypto';

/** Chance, as everything in Keelson sees it. */
export interface Random {
  /** `count` random bytes. */
  bytes(count: number): Uint8Array;
}

/** The machine's cryptographic generator: what a running region uses. */
export class SystemRandom implements Random {
  bytes(count: number): Uint8Array {
    return randomBytes(count);
  }
}

/** The same bytes for the same seed, for runs that can be repeated. Not for secrets that leave a test. */
export class SeededRandom implements Random {
  readonly #seed: string;
  #block = 0;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(seed: string | number) {
    this.#seed = String(seed);
  }

  bytes(count: number): Uint8Array {
    const out = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      if (this.#rest.length === 0) {
        this.#rest = createHash('sha256')
          .update(`${this.#seed}/${this.#block++}`)
          .digest();
      }
      const part = this.#rest.subarray(0, count - filled);
      out.set(part, filled);
      filled += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return out;
  }
}

/** A whole number from 0 up to, not including, `limit` (at most 2^32), each equally likely within 2^-16. */
export function randomInteger(random: Random, limit: number): number {
  const bytes = random.bytes(6);
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return value % limit;
}

/** A fraction from 0 up to, not including, 1. */
export function randomFraction(random: Random): number {
  return randomInteger(random, 2 ** 32) / 2 ** 32;
}

/** One of `choices`, which must not be empty. */
export function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[randomInteger(random, choices.length)]!;
}

/** `delay` lengthened by up to `share` of itself, so that many who wait do not come back together. */
export function jitter(random: Random, delay: number, share = 0.1): number {
  return delay * (1 + share * randomFraction(random));
}

import { createHash } from 'node:crypto';
import type { Clock, Random } from '@keelson/base';

/** How many tokens are remembered; the oldest make room. */
const capacity = 4096;
/** EC2's bounds of a token's life, in seconds. */
const shortest = 1;
const longest = 21_600;

/** Session tokens of instance metadata (IMDSv2). They end with the process that gave them out, and clients ask anew. */
export class MetadataTokens {
  readonly #clock: Clock;
  readonly #random: Random;
  /** Expiry in milliseconds of monotonic time, by the token's hash. */
  readonly #expiries = new Map<string, number>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A token that is good for so many seconds; undefined when that is no number that EC2 takes. */
  issue(lifetime: string | undefined): { readonly token: string; readonly seconds: number } | undefined {
    if (lifetime === undefined || !/^\d{1,9}$/.test(lifetime)) return undefined;
    const seconds = Number(lifetime);
    if (seconds < shortest || seconds > longest) return undefined;
    const token = `${Buffer.from(this.#random.bytes(40)).toString('base64url')}==`;
    while (this.#expiries.size >= capacity) this.#expiries.delete(this.#expiries.keys().next().value!);
    this.#expiries.set(hashOf(token), this.#clock.monotonic() + seconds * 1000);
    return { token, seconds };
  }

  /** Seconds that the token is still good for; undefined for one that is not. */
  remaining(token: string): number | undefined {
    const key = hashOf(token);
    const expiry = this.#expiries.get(key);
    if (expiry === undefined) return undefined;
    const left = expiry - this.#clock.monotonic();
    if (left > 0) return Math.ceil(left / 1000);
    this.#expiries.delete(key);
    return undefined;
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

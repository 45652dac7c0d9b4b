import { type BackoffPolicy, backoffDelay, type Clock } from '@keelson/base';

const policy: BackoffPolicy = { initial: 5_000, longest: 60_000 };

/**
 * Remembers that an upstream is away, or has asked to be left alone, so that nobody waits for it again and again. While
 * it is closed to us one caller in each period tries; the others are told at once.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  #failures = 0;
  #closedUntil = 0;
  #limitedUntil = 0;
  #reason = '';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Why the upstream must not be asked now, with the milliseconds that are left; undefined when it may be. */
  refusal(): { readonly kind: 'away' | 'limited'; readonly reason: string; readonly left: number } | undefined {
    const now = this.#clock.monotonic();
    if (now < this.#limitedUntil)
      return { kind: 'limited', reason: 'it limits requests', left: this.#limitedUntil - now };
    if (now < this.#closedUntil) return { kind: 'away', reason: this.#reason, left: this.#closedUntil - now };
    if (this.#failures > 0) this.#closedUntil = now + backoffDelay(policy, this.#failures);
    return undefined;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#closedUntil = 0;
  }

  failed(reason: string): void {
    this.#failures += 1;
    this.#reason = reason;
    this.#closedUntil = this.#clock.monotonic() + backoffDelay(policy, this.#failures);
  }

  /** The upstream answered 429; `delay` in milliseconds is what it asked for. */
  limited(delay: number): void {
    this.#limitedUntil = this.#clock.monotonic() + delay;
  }
}

import type { Clock } from '@keelson/base';

interface Pending {
  creations: number;
  readonly deletions: Set<string>;
  readonly since: number;
}

/** How long a write is waited for before the cache is believed without it, in milliseconds; as upstream. */
const patience = 300_000;

/**
 * The writes of a controller that its cache has not shown it yet. Until it has, what the cache lacks must not be made
 * again, and what it still has must not be counted.
 */
export class Expectations {
  readonly #clock: Clock;
  readonly #pending = new Map<string, Pending>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Announces writes for `key`, before they are made: `creations` new objects, and the end of these uids. */
  expect(key: string, creations: number, deletions: readonly string[] = []): void {
    this.#pending.set(key, { creations, deletions: new Set(deletions), since: this.#clock.monotonic() });
  }

  /** One creation was seen, or has failed. */
  created(key: string | undefined): void {
    const pending = key === undefined ? undefined : this.#pending.get(key);
    if (pending !== undefined) pending.creations--;
  }

  /** The object with this uid was seen to go (or begin to), or could not be deleted. */
  deleted(key: string | undefined, uid: string | undefined): void {
    if (key !== undefined && uid !== undefined) this.#pending.get(key)?.deletions.delete(uid);
  }

  /** True when the cache has shown everything, or has had its time. */
  satisfied(key: string): boolean {
    const pending = this.#pending.get(key);
    if (pending === undefined) return true;
    if (pending.creations <= 0 && pending.deletions.size === 0) return true;
    return this.#clock.monotonic() - pending.since > patience;
  }

  /** Forgets a key whose object is gone. */
  forget(key: string): void {
    this.#pending.delete(key);
  }
}

import { randomInteger, type World } from '@keelson/base';
import type { Endpoints } from './endpoints.ts';
import { isLeaseTaken } from './etcd-failure.ts';

/** Keys with a time to live of at least so many seconds share leases. */
const shortestShared = 60;
const mostKeysOfLease = 1000;
const attempts = 5;

interface SharedLease {
  readonly id: number;
  /** Until when, in milliseconds since 1970, a key may be given this lease and still have all of its time to live. */
  readonly usableUntil: number;
  keys: number;
}

/**
 * Leases for keys that remove themselves. A lease is granted before the key is written, so it is given a second more;
 * keys that live long share leases that last up to a twentieth longer, for a lease to each would burden etcd.
 */
export class Leases {
  readonly #world: World;
  readonly #endpoints: Endpoints;
  readonly #shared = new Map<number, SharedLease>();

  constructor(world: World, endpoints: Endpoints) {
    this.#world = world;
    this.#endpoints = endpoints;
  }

  /** The id of a lease with which a key lives `ttl` seconds. Rejects with gRPC's error. */
  async lease(ttl: number): Promise<number> {
    if (ttl < shortestShared) return this.#grant(ttl + 1);
    const known = this.#shared.get(ttl);
    const now = this.#world.clock.now();
    if (known !== undefined && now < known.usableUntil && known.keys < mostKeysOfLease) {
      known.keys++;
      return known.id;
    }
    const extra = Math.ceil(ttl / 20);
    const id = await this.#grant(ttl + extra);
    for (const [other, { usableUntil }] of this.#shared) if (usableUntil <= now) this.#shared.delete(other);
    this.#shared.set(ttl, { id, usableUntil: now + (extra - 1) * 1000, keys: 1 });
    return id;
  }

  /** Leases that were shared may be gone: new ones are granted. */
  forget(): void {
    this.#shared.clear();
  }

  async #grant(seconds: number): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      const ID = 1 + randomInteger(this.#world.random, 2 ** 32) + 2 ** 32 * randomInteger(this.#world.random, 2 ** 20);
      try {
        await this.#endpoints.call('Lease/LeaseGrant', { TTL: seconds, ID });
        return ID;
      } catch (error) {
        if (attempt === attempts || !isLeaseTaken(error)) throw error;
      }
    }
  }
}

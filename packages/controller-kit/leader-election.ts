import { messageOf, rfc3339Micro, sleep, type World } from '@keelson/base';
import { type Client, isNotFound, kubernetesResources } from '@keelson/client';
import type { ApiObject } from '@keelson/model';

export interface LeaderElection {
  /** The Lease: `kube-controller-manager`. */
  readonly name: string;
  /** Default kube-system. */
  readonly namespace?: string;
  /** Who we are; different for every process. */
  readonly identity: string;
  /** Milliseconds; defaults 15 s, 10 s and 2 s as upstream. */
  readonly leaseDuration?: number;
  readonly renewDeadline?: number;
  readonly retryPeriod?: number;
}

interface Election extends LeaderElection {
  readonly client: Client;
  readonly world: World;
}

/**
 * Runs `term` while this process holds the Lease, again and again until `signal` aborts. A term's signal aborts when the
 * Lease could not be renewed in time, and the next term begins only after the last has ended.
 */
export async function runElected(
  election: Election,
  signal: AbortSignal,
  term: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const candidate = new Candidate(election);
  const retry = election.retryPeriod ?? 2000;
  const deadline = election.renewDeadline ?? 10_000;
  while (!signal.aborted) {
    while (!signal.aborted && !(await candidate.tryHold())) await sleep(election.world.clock, retry, signal);
    if (signal.aborted) return;
    const lost = new AbortController();
    const work = term(AbortSignal.any([signal, lost.signal]));
    let renewed = election.world.clock.monotonic();
    while (!signal.aborted && !lost.signal.aborted) {
      await sleep(election.world.clock, retry, signal);
      if (signal.aborted) break;
      // A server that does not answer at all must not keep us leading beyond the deadline.
      const left = renewed + deadline - election.world.clock.monotonic();
      const late = sleep(election.world.clock, left, signal).then(() => false);
      if (await Promise.race([candidate.tryHold(), late])) renewed = election.world.clock.monotonic();
      else if (election.world.clock.monotonic() - renewed >= deadline) lost.abort();
    }
    await work;
    if (signal.aborted) await candidate.release();
  }
}

class Candidate {
  readonly #election: Election;
  /** The last state of the Lease that differed from the one before, and when we saw it by our own clock. */
  #seen = '';
  #seenAt = 0;

  constructor(election: Election) {
    this.#election = election;
  }

  /** Takes or renews the Lease; true when it is ours now. */
  async tryHold(): Promise<boolean> {
    try {
      return await this.#hold();
    } catch (thrown) {
      this.#election.world.log.debug('the leader lease was not taken', { error: messageOf(thrown) });
      return false;
    }
  }

  /** Gives the Lease up, so that another need not wait for it to run out. */
  async release(): Promise<void> {
    try {
      const lease = await this.#leases().get(this.#election.name, this.#namespace());
      if (lease['spec']?.holderIdentity !== this.#election.identity) return;
      const now = rfc3339Micro(this.#election.world.clock.now());
      const spec = { ...lease['spec'], holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
      await this.#leases().update({ ...lease, spec });
    } catch (thrown) {
      this.#election.world.log.debug('the leader lease was not released', { error: messageOf(thrown) });
    }
  }

  async #hold(): Promise<boolean> {
    const { name, identity, world } = this.#election;
    const now = rfc3339Micro(world.clock.now());
    const duration = this.#election.leaseDuration ?? 15_000;
    const own = { holderIdentity: identity, leaseDurationSeconds: Math.ceil(duration / 1000), renewTime: now };
    let lease: ApiObject;
    try {
      lease = await this.#leases().get(name, this.#namespace());
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
      const metadata = { name, namespace: this.#namespace() };
      await this.#leases().create({ metadata, spec: { ...own, acquireTime: now, leaseTransitions: 0 } });
      return true;
    }
    const spec = lease['spec'] ?? {};
    // Judged by our own clock alone: clocks of other processes may be off.
    const state = JSON.stringify(spec);
    if (state !== this.#seen) {
      this.#seen = state;
      this.#seenAt = world.clock.monotonic();
    }
    const holder = spec.holderIdentity ?? '';
    const valid = world.clock.monotonic() < this.#seenAt + (spec.leaseDurationSeconds ?? 0) * 1000;
    if (holder !== '' && holder !== identity && valid) return false;
    const ours = holder === identity;
    const acquireTime = ours ? spec.acquireTime : now;
    const leaseTransitions = (spec.leaseTransitions ?? 0) + (ours ? 0 : 1);
    await this.#leases().update({ ...lease, spec: { ...spec, ...own, acquireTime, leaseTransitions } });
    return true;
  }

  #leases() {
    return this.#election.client.resource<ApiObject>(kubernetesResources.leases);
  }

  #namespace(): string {
    return this.#election.namespace ?? 'kube-system';
  }
}

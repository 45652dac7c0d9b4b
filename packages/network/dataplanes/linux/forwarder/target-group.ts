import type { ForwarderTarget, TargetHealth } from './forwarder-configuration.ts';

/** How many checks in a row change a target's state. */
export interface HealthThresholds {
  readonly healthy: number;
  readonly unhealthy: number;
}

interface Member {
  readonly target: ForwarderTarget;
  state: TargetHealth['state'];
  reason: string | undefined;
  /** Checks in a row that said the opposite of `state`. */
  streak: number;
}

const keyOf = ({ address, port }: ForwarderTarget) => `${address}:${port}`;

/**
 * The targets of a listener and their health. Connections go round the healthy ones; when there is none, round all of
 * them, as a Network Load Balancer that fails open.
 */
export class TargetGroup {
  readonly #thresholds: HealthThresholds;
  #members = new Map<string, Member>();
  #turn = 0;

  constructor(thresholds: HealthThresholds) {
    this.#thresholds = thresholds;
  }

  get targets(): ForwarderTarget[] {
    return [...this.#members.values()].map(({ target }) => target);
  }

  get health(): TargetHealth[] {
    return [...this.#members.values()].map(({ target, state, reason }) => ({
      ...target,
      state,
      ...(reason === undefined ? {} : { reason }),
    }));
  }

  /** Those that stay keep their health. */
  replace(targets: readonly ForwarderTarget[]): void {
    const next = new Map<string, Member>();
    for (const target of targets) {
      const key = keyOf(target);
      const reason = 'Elb.RegistrationInProgress';
      next.set(key, this.#members.get(key) ?? { target, state: 'initial', reason, streak: 0 });
    }
    this.#members = next;
  }

  /** Takes in the outcome of a check: `failure` is its reason, undefined when all is well. True when the state is another. */
  record(target: ForwarderTarget, failure: string | undefined): boolean {
    const member = this.#members.get(keyOf(target));
    if (member === undefined) return false;
    const outcome = failure === undefined ? 'healthy' : 'unhealthy';
    if (member.state === outcome) {
      member.streak = 0;
      return false;
    }
    member.streak++;
    // The first check decides for a new target, so that nobody waits for one that is well.
    if (member.state !== 'initial' && member.streak < this.#thresholds[outcome]) return false;
    member.state = outcome;
    member.reason = failure;
    member.streak = 0;
    return true;
  }

  /** The targets to try for one connection, the one whose turn it is first. */
  candidates(): ForwarderTarget[] {
    const all = [...this.#members.values()];
    const healthy = all.filter(({ state }) => state === 'healthy');
    const usable = healthy.length > 0 ? healthy : all;
    if (usable.length === 0) return [];
    const first = this.#turn++ % usable.length;
    return [...usable.slice(first), ...usable.slice(0, first)].map(({ target }) => target);
  }
}

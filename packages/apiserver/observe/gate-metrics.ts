import type { AuthenticationResult } from '../authentication/contract.ts';
import type { Authorizer } from '../authorization/contract.ts';
import { Counter, type Metric } from './metrics.ts';

const attempts = {
  authenticated: '{result="success"}',
  none: '{result="failure"}',
  refused: '{result="error"}',
} as const;
const decisions = {
  allow: '{result="allowed"}',
  deny: '{result="denied"}',
  noOpinion: '{result="no-opinion"}',
} as const;
/** Users whose names are told; the others are told apart by nothing. */
const known = new Set(['admin', 'kubecfg', 'kubelet', 'client', 'system:serviceaccount:kube-system:default']);

/** How requests fare at the gates, under upstream's names. */
export class GateMetrics {
  readonly #attempts = new Counter('authentication_attempts', 'Counter of authenticated attempts.');
  readonly #users = new Counter(
    'authenticated_user_requests',
    'Counter of authenticated requests broken out by username.',
  );
  readonly #decisions = new Counter(
    'authorization_attempts_total',
    'Counter of authorization attempts broken down by result.',
  );

  authenticated(result: AuthenticationResult): void {
    this.#attempts.add(attempts[result.outcome]);
    if (result.outcome !== 'authenticated') return;
    const { name } = result.user;
    this.#users.add(known.has(name) ? { username: name } : '{username="other"}');
  }

  /** The same authority, with its decisions counted. */
  counting(authorizer: Authorizer): Authorizer {
    return {
      authorize: async (attributes) => {
        const result = await authorizer.authorize(attributes);
        this.#decisions.add(decisions[result.decision]);
        return result;
      },
      rulesFor: (user, namespace) =>
        authorizer.rulesFor?.(user, namespace) ??
        Promise.resolve({ resourceRules: [], nonResourceRules: [], incomplete: true }),
    };
  }

  all(): Metric[] {
    return [this.#attempts, this.#users, this.#decisions];
  }
}

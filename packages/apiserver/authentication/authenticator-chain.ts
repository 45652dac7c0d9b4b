import type { HttpRequest } from '@keelson/base';
import type { AuthenticationResult, Authenticator, TokenAuthenticator } from './contract.ts';
import { aggregated } from './quoted.ts';

/** Asks each authenticator in turn: the first that knows the caller decides; refused only when none does and one refused. */
export class AuthenticatorChain implements Authenticator {
  readonly #members: readonly Authenticator[];

  constructor(members: readonly Authenticator[]) {
    this.#members = members;
  }

  authenticate(request: HttpRequest): Promise<AuthenticationResult> {
    return firstOf(this.#members, (member) => member.authenticate(request));
  }
}

/** The same for readers of tokens: service account tokens, EKS tokens. */
export class TokenAuthenticatorChain implements TokenAuthenticator {
  readonly #members: readonly TokenAuthenticator[];

  constructor(members: readonly TokenAuthenticator[]) {
    this.#members = members;
  }

  authenticateToken(token: string, audiences?: readonly string[]): Promise<AuthenticationResult> {
    return firstOf(this.#members, (member) => member.authenticateToken(token, audiences));
  }
}

async function firstOf<T>(
  members: readonly T[],
  ask: (member: T) => Promise<AuthenticationResult>,
): Promise<AuthenticationResult> {
  const reasons: string[] = [];
  for (const member of members) {
    const result = await ask(member);
    if (result.outcome === 'authenticated') return result;
    if (result.outcome === 'refused') reasons.push(result.reason);
  }
  return reasons.length === 0 ? { outcome: 'none' } : { outcome: 'refused', reason: aggregated(reasons) };
}

import { messageOf, type World } from '@keelson/base';
import type { AuthenticationResult, TokenAuthenticator, UserInfo } from '../contract.ts';
import { parseToken } from '../json-web-token.ts';
import { quotedList } from '../quoted.ts';
import { evaluated, textsOf, userValue } from './claim-expressions.ts';
import type { FetchDocument } from './fetch-document.ts';
import type { PrefixedClaimOrExpression } from './jwt-authenticator-configuration.ts';
import { ProviderKeys } from './key-set.ts';
import type { CompiledIssuer } from './validate-configuration.ts';

/** How far a token's notBefore may lie ahead, in seconds. */
const leeway = 300;

type Claims = Readonly<Record<string, unknown>>;

/**
 * Reads the tokens of one OpenID provider: signature, issuer, audience and times; then its claims are mapped to a user, and
 * checked as configured (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#openid-connect-tokens).
 */
export class OidcAuthenticator implements TokenAuthenticator {
  readonly #world: World;
  readonly #issuer: CompiledIssuer;
  readonly #url: string;
  readonly #keys: ProviderKeys;

  constructor(world: World, issuer: CompiledIssuer, fetch: FetchDocument) {
    this.#world = world;
    this.#issuer = issuer;
    const { url = '', discoveryURL, certificateAuthority } = issuer.configuration.issuer;
    this.#url = url;
    const location = {
      issuer: url,
      ...(discoveryURL ? { discoveryUrl: discoveryURL } : {}),
      ...(certificateAuthority ? { authority: certificateAuthority } : {}),
    };
    this.#keys = new ProviderKeys(world, location, fetch);
    void this.#keys.prepare();
  }

  async authenticateToken(token: string): Promise<AuthenticationResult> {
    const parsed = parseToken(token);
    if (parsed === undefined || issuerOf(parsed.claims) !== this.#url) return { outcome: 'none' };
    const { claims } = parsed;
    const problem = this.#timeProblem(claims) ?? (await this.#keys.problem(parsed)) ?? this.#audienceProblem(claims);
    if (problem !== undefined) return { outcome: 'refused', reason: `oidc: verify token: ${problem}` };
    try {
      return { outcome: 'authenticated', user: this.#userOf(claims) };
    } catch (error) {
      return { outcome: 'refused', reason: messageOf(error) };
    }
  }

  #timeProblem({ exp, nbf }: Claims): string | undefined {
    const now = this.#world.clock.now() / 1000;
    const expiry = typeof exp === 'number' ? exp : 0;
    if (expiry < now)
      return `oidc: token is expired (Token Expiry: ${new Date(Math.min(expiry, 8e12) * 1000).toISOString()})`;
    return typeof nbf === 'number' && nbf > now + leeway
      ? 'oidc: current time before the nbf (not before) time'
      : undefined;
  }

  #audienceProblem({ aud }: Claims): string | undefined {
    const named = textList(aud) ?? [];
    const wanted = this.#issuer.configuration.issuer.audiences ?? [];
    if (named.some((one) => wanted.includes(one))) return undefined;
    return `oidc: expected audience in ${quotedList([...wanted].sort())} got ${quotedList(named)}`;
  }

  /** @throws Error */
  #userOf(claims: Claims): UserInfo {
    const name = this.#username(claims);
    const groups = this.#groups(claims);
    const uid = this.#uid(claims);
    const extra = this.#extra(claims);
    const user: UserInfo = {
      name,
      groups,
      ...(uid === '' ? {} : { uid }),
      ...(extra === undefined ? {} : { extra }),
    };
    this.#checkClaims(claims);
    for (const rule of this.#issuer.userRules)
      checkRule(rule, { user: userValue(user) }, 'oidc: error evaluating user info validation rule');
    return user;
  }

  #username(claims: Claims): string {
    const { username: program, configuration } = this.#issuer;
    if (program !== undefined) {
      const value = evaluated(program, { claims }, 'oidc: error evaluating username claim expression');
      if (typeof value !== 'string')
        throw new Error(
          'oidc: error evaluating username claim expression: username claim expression must return a string',
        );
      if (value === '') throw new Error('oidc: empty username via CEL expression is not allowed');
      return value;
    }
    const { claim = '', prefix = '' } = configuration.claimMappings?.username ?? {};
    const value = own(claims, claim);
    if (typeof value !== 'string')
      throw new Error(`oidc: parse username claims ${JSON.stringify(claim)}: claim not present`);
    if (claim === 'email' && Object.hasOwn(claims, 'email_verified') && claims['email_verified'] !== true)
      throw new Error('oidc: email not verified');
    return prefix + value;
  }

  #groups(claims: Claims): string[] {
    const { groups: program, configuration } = this.#issuer;
    const what = 'oidc: error evaluating group claim expression';
    if (program !== undefined) return textsOf(evaluated(program, { claims }, what), what);
    const { claim = '', prefix = '' }: PrefixedClaimOrExpression = configuration.claimMappings?.groups ?? {};
    if (claim === '' || !Object.hasOwn(claims, claim)) return [];
    const values = textList(claims[claim]);
    if (values === undefined)
      throw new Error(`oidc: parse groups claim ${JSON.stringify(claim)}: it is neither text nor a list of texts`);
    return values.map((value) => prefix + value);
  }

  #uid(claims: Claims): string {
    const { uid: program, configuration } = this.#issuer;
    if (program !== undefined) {
      const value = evaluated(program, { claims }, 'oidc: error evaluating uid claim expression');
      if (typeof value === 'string') return value;
      throw new Error('oidc: error evaluating uid claim expression: uid claim expression must return a string');
    }
    const { claim = '' } = configuration.claimMappings?.uid ?? {};
    if (claim === '') return '';
    const value = own(claims, claim);
    if (typeof value === 'string') return value;
    throw new Error(`oidc: parse uid claims ${JSON.stringify(claim)}: claim not present`);
  }

  #extra(claims: Claims): Record<string, string[]> | undefined {
    const what = 'oidc: error evaluating extra claim expression';
    const entries = this.#issuer.extra.flatMap(({ key, program }): [string, string[]][] => {
      const values = textsOf(evaluated(program, { claims }, what), what);
      return values.length === 0 ? [] : [[key, values]];
    });
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  }

  #checkClaims(claims: Claims): void {
    for (const { claim = '', requiredValue = '' } of this.#issuer.configuration.claimValidationRules ?? []) {
      if (claim === '') continue;
      if (!Object.hasOwn(claims, claim)) throw new Error(`oidc: required claim ${claim} not present in ID token`);
      const value = claims[claim];
      if (typeof value !== 'string') throw new Error(`oidc: parse claim ${claim}: it is no text`);
      if (value !== requiredValue)
        throw new Error(`oidc: required claim ${claim} value does not match. Got = ${value}, want = ${requiredValue}`);
    }
    for (const rule of this.#issuer.claimRules)
      checkRule(rule, { claims }, 'oidc: error evaluating claim validation expression');
  }
}

function checkRule(
  { program, message }: CompiledIssuer['claimRules'][number],
  bindings: Record<string, unknown>,
  what: string,
): void {
  if (evaluated(program, bindings, what) === true) return;
  const text = message === '' ? `validation expression '${program.text}' failed` : message;
  throw new Error(`${what}: validation expression '${program.text}' failed: ${text}`);
}

function issuerOf({ iss }: Claims): unknown {
  return iss === 'accounts.google.com' ? 'https://accounts.google.com' : iss;
}

function own(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

/** Text or a list of texts, as a list; undefined for anything else. */
function textList(value: unknown): string[] | undefined {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
}

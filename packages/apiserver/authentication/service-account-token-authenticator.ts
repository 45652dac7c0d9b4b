import { createHash } from 'node:crypto';
import type { Clock } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import type { ObjectReader } from '../admission/contract.ts';
import type { AuthenticationResult, TokenAuthenticator, UserInfo } from './contract.ts';
import { isSignedBy, parseToken, type UnverifiedToken } from './json-web-token.ts';
import { quoted, quotedList } from './quoted.ts';
import { RecentCache } from './recent-cache.ts';
import {
  type ClaimedReference,
  type KubernetesClaim,
  readClaims,
  type ServiceAccountClaims,
} from './service-account-claims.ts';
import type { VerificationKey } from './service-account-key.ts';
import {
  credentialIdKey,
  nodeNameKey,
  nodeUidKey,
  podNameKey,
  podUidKey,
  serviceAccountGroups,
  serviceAccountUserName,
} from './well-known-users.ts';

/** How far clocks may be apart, in seconds; also how long something deleted still counts. */
const leeway = 60;
const cacheLimit = 8192;

export interface ServiceAccountTokenOptions {
  readonly clock: Clock;
  readonly reader: ObjectReader;
  /** The issuers whose tokens are known, the present one first. */
  readonly issuers: readonly string[];
  /** Every key that a living token may be signed with. */
  readonly keys: readonly VerificationKey[];
  /** What this API server answers to, when the caller asks for no audience of its own. */
  readonly audiences: readonly string[];
}

class Refusal extends Error {}

/**
 * Reads service account tokens: signature, issuer, audience and times, and that the service account and the pod, secret
 * or node that the token is bound to still are what they were. Signatures are remembered, everything else is looked at
 * each time, so that a token ends with its pod.
 */
export class ServiceAccountTokenAuthenticator implements TokenAuthenticator {
  readonly #options: ServiceAccountTokenOptions;
  readonly #verified = new RecentCache<string, ServiceAccountClaims>(cacheLimit);

  constructor(options: ServiceAccountTokenOptions) {
    this.#options = options;
  }

  async authenticateToken(token: string, audiences?: readonly string[]): Promise<AuthenticationResult> {
    try {
      const claims = this.#verifiedClaims(token);
      if (claims === undefined) return { outcome: 'none' };
      const common = this.#commonAudiences(claims, audiences ?? this.#options.audiences);
      this.#checkTimes(claims);
      this.#checkBinding(claims.kubernetes);
      return { outcome: 'authenticated', user: userOf(claims), audiences: common };
    } catch (thrown) {
      if (thrown instanceof Refusal) return { outcome: 'refused', reason: thrown.message };
      throw thrown;
    }
  }

  #verifiedClaims(token: string): ServiceAccountClaims | undefined {
    const fingerprint = createHash('sha256').update(token).digest('base64');
    const known = this.#verified.get(fingerprint);
    if (known !== undefined) return known;
    const parsed = parseToken(token);
    const issuer = parsed?.claims['iss'];
    if (parsed === undefined || typeof issuer !== 'string' || !this.#options.issuers.includes(issuer)) return undefined;
    this.#checkSignature(parsed);
    const claims = readClaims(parsed.claims);
    if (claims === undefined) {
      throw new Refusal('service account token claims could not be validated due to unexpected private claim');
    }
    this.#verified.set(fingerprint, claims);
    return claims;
  }

  #checkSignature(token: UnverifiedToken): void {
    const keys = this.#options.keys.filter((key) => token.keyId === '' || key.keyId === token.keyId);
    if (keys.length === 0) throw new Refusal('invalid signature, no keys found');
    if (!keys.some((key) => isSignedBy(token, key))) {
      throw new Refusal('go-jose/go-jose: error in cryptographic primitive');
    }
  }

  #commonAudiences(claims: ServiceAccountClaims, wanted: readonly string[]): string[] {
    const common = claims.aud.filter((audience) => wanted.includes(audience));
    if (common.length > 0) return common;
    throw new Refusal(
      `token audiences ${quotedList(claims.aud)} is invalid for the target audiences ${quotedList(wanted)}`,
    );
  }

  #checkTimes(claims: ServiceAccountClaims): void {
    const now = this.#options.clock.now() / 1000;
    if (now > claims.exp + leeway) throw new Refusal('service account token has expired');
    if (now < claims.nbf - leeway) throw new Refusal('service account token is not valid yet');
    if (now < claims.iat - leeway) {
      throw new Refusal('service account token claims could not be validated due to unexpected validation error');
    }
  }

  #checkBinding(claim: KubernetesClaim): void {
    const { namespace, serviceaccount, pod, secret, node } = claim;
    const account = this.#options.reader.get('', 'serviceaccounts', namespace, serviceaccount.name);
    if (account === undefined) throw new Refusal(`serviceaccounts ${quoted(serviceaccount.name)} not found`);
    if (this.#isLongDeleted(account)) {
      throw new Refusal(`service account ${namespace}/${serviceaccount.name} has been deleted`);
    }
    const uid = account.metadata?.uid ?? '';
    if (uid !== serviceaccount.uid) {
      throw new Refusal(`service account UID (${uid}) does not match claim (${serviceaccount.uid})`);
    }
    if (secret !== undefined) this.#checkReference('secret', 'secrets', namespace, secret);
    if (pod !== undefined) this.#checkReference('pod', 'pods', namespace, pod);
    else if (node !== undefined) this.#checkReference('node', 'nodes', '', node);
  }

  #checkReference(kind: string, resource: string, namespace: string, reference: ClaimedReference): void {
    const object = this.#options.reader.get('', resource, namespace, reference.name);
    if (object === undefined || this.#isLongDeleted(object)) {
      throw new Refusal('service account token has been invalidated');
    }
    const uid = object.metadata?.uid ?? '';
    if (uid === reference.uid) return;
    throw new Refusal(`${kind} UID (${uid}) does not match service account ${kind} ref claim (${reference.uid})`);
  }

  #isLongDeleted(object: Readonly<ApiObject>): boolean {
    const deleted = object.metadata?.deletionTimestamp;
    return deleted !== undefined && Date.parse(deleted) < this.#options.clock.now() - leeway * 1000;
  }
}

function userOf(claims: ServiceAccountClaims): UserInfo {
  const { namespace, serviceaccount, pod, node } = claims.kubernetes;
  const extra: Record<string, string[]> = {};
  if (pod !== undefined) {
    extra[podNameKey] = [pod.name];
    extra[podUidKey] = [pod.uid];
  }
  if (claims.jti !== '') extra[credentialIdKey] = [`JTI=${claims.jti}`];
  if (node !== undefined && node.name !== '') {
    extra[nodeNameKey] = [node.name];
    if (node.uid !== '') extra[nodeUidKey] = [node.uid];
  }
  return {
    name: serviceAccountUserName(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: serviceAccountGroups(namespace),
    extra,
  };
}

import { newUid, type World } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import { serviceAccountUserName } from './well-known-users.ts';

/** A name and uid in a token's claims. */
export interface ClaimedReference {
  readonly name: string;
  readonly uid: string;
}

/** The `kubernetes.io` claim. */
export interface KubernetesClaim {
  readonly namespace: string;
  readonly serviceaccount: ClaimedReference;
  readonly pod?: ClaimedReference;
  readonly secret?: ClaimedReference;
  readonly node?: ClaimedReference;
  /** Seconds since 1970 after which a client that still uses the token is told to read it anew. */
  readonly warnafter?: number;
}

/** All claims of a service account token. Times are seconds since 1970. */
export interface ServiceAccountClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly nbf: number;
  readonly jti: string;
  readonly kubernetes: KubernetesClaim;
}

export interface TokenSubject {
  readonly serviceAccount: Readonly<ApiObject>;
  readonly pod?: Readonly<ApiObject>;
  readonly secret?: Readonly<ApiObject>;
  /** The node itself, or the one that the pod is on (its uid is unknown when the Node is gone). */
  readonly node?: Readonly<ApiObject>;
}

/** The claims of a new token, as JSON. Durations in seconds; `warnAfter` 0 sets no warning. */
export function claimsFor(
  subject: TokenSubject,
  options: {
    readonly world: World;
    readonly issuer: string;
    readonly audiences: readonly string[];
    readonly expirationSeconds: number;
    readonly warnAfterSeconds: number;
  },
): Record<string, unknown> {
  const now = Math.floor(options.world.clock.now() / 1000);
  const namespace = subject.serviceAccount.metadata?.namespace ?? '';
  const kubernetes: Record<string, unknown> = {
    namespace,
    ...(subject.node !== undefined ? { node: referenceTo(subject.node) } : {}),
    ...(subject.pod !== undefined ? { pod: referenceTo(subject.pod) } : {}),
    ...(subject.secret !== undefined ? { secret: referenceTo(subject.secret) } : {}),
    serviceaccount: referenceTo(subject.serviceAccount),
    ...(options.warnAfterSeconds > 0 ? { warnafter: now + options.warnAfterSeconds } : {}),
  };
  return {
    aud: [...options.audiences],
    exp: now + options.expirationSeconds,
    iat: now,
    iss: options.issuer,
    jti: newUid(options.world.random),
    'kubernetes.io': kubernetes,
    nbf: now,
    sub: serviceAccountUserName(namespace, subject.serviceAccount.metadata?.name ?? ''),
  };
}

/** Reads the claims of a token whose signature is verified; undefined when they are not a service account's. */
export function readClaims(claims: Readonly<Record<string, unknown>>): ServiceAccountClaims | undefined {
  const kubernetes = kubernetesClaim(claims['kubernetes.io']);
  const { iss, sub, jti, exp, iat, nbf } = claims;
  if (kubernetes === undefined || typeof iss !== 'string' || typeof sub !== 'string') return undefined;
  if (typeof exp !== 'number' || typeof iat !== 'number' || typeof nbf !== 'number') return undefined;
  const audience = claims['aud'];
  const aud = typeof audience === 'string' ? [audience] : audience;
  if (!Array.isArray(aud) || !aud.every((item): item is string => typeof item === 'string')) return undefined;
  return { iss, sub, aud, exp, iat, nbf, jti: typeof jti === 'string' ? jti : '', kubernetes };
}

function kubernetesClaim(value: unknown): KubernetesClaim | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const claim = value as Record<string, unknown>;
  const serviceaccount = claimedReference(claim['serviceaccount']);
  if (serviceaccount === undefined || typeof claim['namespace'] !== 'string') return undefined;
  const pod = claimedReference(claim['pod']);
  const secret = claimedReference(claim['secret']);
  const node = claimedReference(claim['node']);
  return {
    namespace: claim['namespace'],
    serviceaccount,
    ...(pod !== undefined ? { pod } : {}),
    ...(secret !== undefined ? { secret } : {}),
    ...(node !== undefined ? { node } : {}),
    ...(typeof claim['warnafter'] === 'number' ? { warnafter: claim['warnafter'] } : {}),
  };
}

function claimedReference(value: unknown): ClaimedReference | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, uid } = value as Record<string, unknown>;
  return { name: typeof name === 'string' ? name : '', uid: typeof uid === 'string' ? uid : '' };
}

function referenceTo(object: Readonly<ApiObject>): Record<string, string> {
  const uid = object.metadata?.uid;
  return { name: object.metadata?.name ?? '', ...(uid !== undefined && uid !== '' ? { uid } : {}) };
}

import { type Random, randomString } from '@keelson/base';
import type { Principal } from './principal.ts';
import type { Sealer } from './sealing.ts';

const purpose = 'session-token';
const keyAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const secretAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Credentials as STS hands them out. */
export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since 1970. */
  readonly expiration: number;
}

interface TokenContent {
  readonly secret: string;
  readonly expiration: number;
  readonly principal: Principal;
}

/** An access key id: `AKIA` for keys that last, `ASIA` for those of a session, and 16 characters. */
export function newAccessKeyId(random: Random, prefix: 'AKIA' | 'ASIA'): string {
  return prefix + randomString(random, keyAlphabet, 16);
}

/** The 40 characters of a secret access key. */
export function newSecretAccessKey(random: Random): string {
  return randomString(random, secretAlphabet, 40);
}

/** The 21 characters of a unique id: `AIDA…` for a user, `AROA…` for a role, `ANPA…`, `AIPA…`. */
export function newUniqueId(random: Random, prefix: 'AIDA' | 'AROA' | 'ANPA' | 'AIPA'): string {
  return prefix + randomString(random, keyAlphabet, 17);
}

/** Temporary credentials for `principal` that nobody needs to store: the token holds the secret, sealed. */
export function issueSession(
  sealer: Sealer,
  random: Random,
  principal: Omit<Principal, 'accessKeyId'>,
  expiration: number,
): SessionCredentials {
  const accessKeyId = newAccessKeyId(random, 'ASIA');
  const secretAccessKey = newSecretAccessKey(random);
  const content: TokenContent = { secret: secretAccessKey, expiration, principal: { ...principal, accessKeyId } };
  return { accessKeyId, secretAccessKey, sessionToken: sealer.seal(purpose, JSON.stringify(content)), expiration };
}

export type OpenedSession =
  | { readonly outcome: 'good'; readonly secretAccessKey: string; readonly principal: Principal }
  | { readonly outcome: 'expired' }
  | { readonly outcome: 'invalid' };

/** What a session token says, if this region issued it for this key and it has not expired at `now`. */
export function openSession(sealer: Sealer, accessKeyId: string, sessionToken: string, now: number): OpenedSession {
  const text = sealer.open(purpose, sessionToken);
  if (text === undefined) return { outcome: 'invalid' };
  const content = JSON.parse(text) as TokenContent;
  if (content.principal.accessKeyId !== accessKeyId) return { outcome: 'invalid' };
  if (content.expiration <= now) return { outcome: 'expired' };
  return { outcome: 'good', secretAccessKey: content.secret, principal: content.principal };
}

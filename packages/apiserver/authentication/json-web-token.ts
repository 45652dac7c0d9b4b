import { sign, verify } from 'node:crypto';
import type { SigningKey, VerificationKey } from './service-account-key.ts';

/** A JSON Web Token taken apart (RFC 7515, compact form). Nothing of it is verified. */
export interface UnverifiedToken {
  readonly algorithm: string;
  readonly keyId: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signed: string;
  readonly signature: Uint8Array;
}

const base64url = /^[A-Za-z0-9_-]+$/;

/** Signs `claims` with RS256. */
export function signToken(claims: Readonly<Record<string, unknown>>, key: SigningKey): string {
  const signed = `${encoded({ alg: 'RS256', kid: key.keyId })}.${encoded(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key.privateKey).toString('base64url')}`;
}

/** Takes a token apart; undefined when it is no JSON Web Token. */
export function parseToken(token: string): UnverifiedToken | undefined {
  const parts = token.split('.');
  if (parts.length !== 3 || !parts.every((part) => base64url.test(part))) return undefined;
  const header = decoded(parts[0]!);
  const claims = decoded(parts[1]!);
  if (header === undefined || claims === undefined) return undefined;
  return {
    algorithm: typeof header['alg'] === 'string' ? header['alg'] : '',
    keyId: typeof header['kid'] === 'string' ? header['kid'] : '',
    claims,
    signed: `${parts[0]}.${parts[1]}`,
    signature: Buffer.from(parts[2]!, 'base64url'),
  };
}

/** True when `key` made the signature. Only RS256 counts, whatever the token says of itself. */
export function isSignedBy(token: UnverifiedToken, key: VerificationKey): boolean {
  return token.algorithm === 'RS256' && verify('sha256', Buffer.from(token.signed), key.publicKey, token.signature);
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decoded(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

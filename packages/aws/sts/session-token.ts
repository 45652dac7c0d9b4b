import { AwsError } from '@keelson/aws-protocol';
import type { CallContext } from '../service.ts';
import { issueSession, type SessionCredentials } from '../session-tokens.ts';
import type { StsOptions } from './index.ts';

const defaultDuration = 12 * 60 * 60;
const longestForRoot = 60 * 60;

/** Credentials in the form of STS' answers. */
export function credentialsOutput(session: SessionCredentials) {
  return {
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    SessionToken: session.sessionToken,
    Expiration: wholeSeconds(session.expiration),
  };
}

/** STS counts in whole seconds. */
export function wholeSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}

export async function getSessionToken(
  options: StsOptions,
  input: { DurationSeconds?: number; SerialNumber?: string; TokenCode?: string },
  context: CallContext,
) {
  const { principal } = context;
  if (principal.accessKeyId.startsWith('ASIA'))
    throw new AwsError('AccessDenied', 'Cannot call GetSessionToken with session credentials', {}, 403);
  if (input.SerialNumber !== undefined || input.TokenCode !== undefined)
    throw new AwsError(
      'AccessDenied',
      'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
      {},
      403,
    );
  const wanted = input.DurationSeconds ?? defaultDuration;
  const duration = principal.kind === 'root' ? Math.min(wanted, longestForRoot) : wanted;
  const { accessKeyId: _own, ...identity } = principal;
  const expiration = wholeSeconds(context.now + duration * 1000);
  return { Credentials: credentialsOutput(issueSession(options.sealer, options.world.random, identity, expiration)) };
}

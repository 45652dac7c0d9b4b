import { AwsError } from '@keelson/aws-protocol';
import type { CallContext } from '../service.ts';

export async function getCallerIdentity(_input: unknown, context: CallContext) {
  const { principal } = context;
  return { UserId: principal.userId, Account: principal.account, Arn: principal.arn };
}

/** The account of a key. The account is the only one, so that every well-formed key of ours is its own. */
export async function getAccessKeyInfo(input: { AccessKeyId: string }, context: CallContext) {
  if (!/^(AKIA|ASIA)[A-Z2-7]{16}$/.test(input.AccessKeyId))
    throw new AwsError('ValidationError', `Invalid access key id: ${input.AccessKeyId}`, {}, 400);
  return { Account: context.account };
}

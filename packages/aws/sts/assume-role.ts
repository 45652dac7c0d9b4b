import { AwsError } from '@keelson/aws-protocol';
import type { Principal } from '../principal.ts';
import type { CallContext } from '../service.ts';
import { issueSession } from '../session-tokens.ts';
import type { AssumableRole, StsOptions } from './index.ts';
import { credentialsOutput, wholeSeconds } from './session-token.ts';

const defaultDuration = 60 * 60;
/** Seconds; a role that was assumed by a role lasts no longer. */
const longestChained = 60 * 60;

interface AssumeRoleInput {
  readonly RoleArn: string;
  readonly RoleSessionName: string;
  readonly DurationSeconds?: number;
  readonly Policy?: string;
  readonly PolicyArns?: readonly { readonly arn?: string }[];
  readonly ExternalId?: string;
  readonly SourceIdentity?: string;
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
}

export async function assumeRole(options: StsOptions, input: AssumeRoleInput, context: CallContext) {
  const role = await permittedRole(options, input, context);
  const duration = durationOf(input, role, context);
  if (input.Policy !== undefined) {
    const problem = options.roles.policyProblem(input.Policy);
    if (problem !== undefined) throw new AwsError('MalformedPolicyDocument', problem, {}, 400);
  }
  if (input.PolicyArns !== undefined && input.PolicyArns.length > 0)
    throw new AwsError('UnsupportedOperation', 'AssumeRole with PolicyArns is not supported in this region.', {}, 400);
  const principal = sessionPrincipal(input, role, context);
  const expiration = wholeSeconds(context.now + duration * 1000);
  const session = issueSession(options.sealer, options.world.random, principal, expiration);
  return {
    Credentials: credentialsOutput(session),
    AssumedRoleUser: { AssumedRoleId: principal.userId, Arn: principal.arn },
    ...(input.SourceIdentity === undefined ? {} : { SourceIdentity: input.SourceIdentity }),
    ...(input.Policy === undefined ? {} : { PackedPolicySize: Math.ceil((input.Policy.length * 100) / 2048) }),
  };
}

/** The role, if both sides agree: its trust policy, and the caller's own policies where it trusts a whole account. */
async function permittedRole(
  options: StsOptions,
  input: AssumeRoleInput,
  context: CallContext,
): Promise<AssumableRole> {
  const { principal } = context;
  const denied = () =>
    new AwsError(
      'AccessDenied',
      `User: ${principal.arn} is not authorized to perform: sts:AssumeRole on resource: ${input.RoleArn}`,
      {},
      403,
    );
  if (principal.kind === 'root')
    throw new AwsError('AccessDenied', 'Roles may not be assumed by root accounts.', {}, 403);
  const role = await options.roles.assumableRole(input.RoleArn);
  if (role === undefined) throw denied();
  const conditions: Record<string, string> = { 'sts:rolesessionname': input.RoleSessionName };
  if (input.ExternalId !== undefined) conditions['sts:externalid'] = input.ExternalId;
  if (input.SourceIdentity !== undefined) conditions['sts:sourceidentity'] = input.SourceIdentity;
  for (const { Key, Value } of input.Tags ?? []) conditions[`aws:requesttag/${Key.toLowerCase()}`] = Value;
  const actions = ['sts:AssumeRole'];
  if (input.Tags !== undefined && input.Tags.length > 0) actions.push('sts:TagSession');
  if (input.SourceIdentity !== undefined) actions.push('sts:SetSourceIdentity');
  for (const action of actions) {
    const trust = options.roles.trusts(role, { principal, action, conditions, now: context.now });
    if (trust === 'denied') throw denied();
    if (trust === 'account') await context.authorize(action, role.arn, conditions);
  }
  return role;
}

function durationOf(input: AssumeRoleInput, role: AssumableRole, context: CallContext): number {
  const duration = input.DurationSeconds ?? defaultDuration;
  if (context.principal.kind === 'role' && duration > longestChained)
    throw new AwsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
      {},
      400,
    );
  if (duration > role.maxSessionDuration)
    throw new AwsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      {},
      400,
    );
  return duration;
}

function sessionPrincipal(
  input: AssumeRoleInput,
  role: AssumableRole,
  context: CallContext,
): Omit<Principal, 'accessKeyId'> {
  const tags = Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
  return {
    kind: 'role',
    arn: `arn:aws:sts::${context.account}:assumed-role/${role.roleName}/${input.RoleSessionName}`,
    identityArn: role.arn,
    account: context.account,
    userId: `${role.roleId}:${input.RoleSessionName}`,
    principalId: role.roleId,
    name: role.roleName,
    sessionName: input.RoleSessionName,
    ...(input.Policy === undefined ? {} : { sessionPolicy: input.Policy }),
    ...(Object.keys(tags).length === 0 ? {} : { sessionTags: tags }),
  };
}

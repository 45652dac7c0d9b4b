import type { Random } from '@keelson/base';
import type { IdentityStore } from './iam/identity-store.ts';
import type { RoleTrust } from './iam/role-trust.ts';
import type { Sealer } from './sealing.ts';
import { issueSession, type SessionCredentials } from './session-tokens.ts';

/** As EC2 has it: credentials from instance metadata last about six hours. */
const sessionLength = 6 * 60 * 60 * 1000;

export interface InstanceCredentialOptions {
  readonly store: IdentityStore;
  readonly roles: RoleTrust;
  readonly sealer: Sealer;
  readonly random: Random;
  /** Twelve digits. */
  readonly account: string;
}

/** What instance metadata tells of the instance's role, or why it has none. The codes are those of `iam/security-credentials`. */
export type InstanceCredentials =
  | { readonly outcome: 'good'; readonly roleName: string; readonly credentials: SessionCredentials }
  | {
      readonly outcome: 'refused';
      readonly code: 'InstanceProfileNotFound' | 'AssumeRoleUnauthorizedAccess';
      readonly message: string;
    };

/** Credentials of the role in an instance's profile (its name or ARN), in a session that is named after the instance. */
export async function instanceCredentials(
  options: InstanceCredentialOptions,
  instance: { readonly instanceId: string; readonly iamInstanceProfile: string },
  now: number,
): Promise<InstanceCredentials> {
  const { store, roles, sealer, random, account } = options;
  const name = instance.iamInstanceProfile.slice(instance.iamInstanceProfile.lastIndexOf('/') + 1);
  const roleName = (await store.instanceProfiles.find(name))?.spec.roles?.[0];
  if (roleName === undefined)
    return { outcome: 'refused', code: 'InstanceProfileNotFound', message: `Instance Profile ${name} has no role.` };
  const role = await roles.roleByName(roleName);
  if (role === undefined || !roles.trustsService(role, 'ec2.amazonaws.com', now))
    return {
      outcome: 'refused',
      code: 'AssumeRoleUnauthorizedAccess',
      message: `EC2 cannot assume the role ${roleName}.`,
    };
  const principal = {
    kind: 'role' as const,
    arn: `arn:aws:sts::${account}:assumed-role/${roleName}/${instance.instanceId}`,
    identityArn: role.arn,
    account,
    userId: `${role.roleId}:${instance.instanceId}`,
    principalId: role.roleId,
    name: roleName,
    sessionName: instance.instanceId,
  };
  return { outcome: 'good', roleName, credentials: issueSession(sealer, random, principal, now + sessionLength) };
}

import type { World } from '@keelson/base';
import { type Client, isNotFound } from '@keelson/client';
import { instanceProfiles } from '@keelson/client/region-resources/index.ts';
import type { Instance } from '@keelson/model/region/object-types.ts';
import { identityStore } from './iam/identity-store.ts';
import { RoleTrust } from './iam/role-trust.ts';
import type { Sealer } from './sealing.ts';
import { issueSession, type SessionCredentials } from './session-tokens.ts';

export interface NodeCredentialOptions {
  readonly world: World;
  /** Of the region's API. */
  readonly client: Client;
  readonly sealer: Sealer;
  readonly account: string;
}

/** EC2 hands out role credentials for six hours. */
const lifetime = 6 * 3_600_000;

async function ignoreMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * What the metadata service gives an instance of its role: credentials of a session named after the instance. Undefined
 * when it has no instance profile, the profile no role, or the role does not trust EC2.
 */
export async function instanceCredentials(
  options: NodeCredentialOptions,
  instance: Instance,
): Promise<(SessionCredentials & { readonly roleName: string }) | undefined> {
  const { client, world, sealer, account } = options;
  const profileName = instance.spec.iamInstanceProfile?.split('/').at(-1);
  const profile = profileName ? await ignoreMissing(client.resource(instanceProfiles).get(profileName)) : undefined;
  const roleName = profile?.spec.roles?.[0];
  if (roleName === undefined) return undefined;
  const trust = new RoleTrust(identityStore(client), account);
  const role = await trust.roleByName(roleName);
  if (role === undefined || !trust.trustsService(role, 'ec2.amazonaws.com', world.clock.now())) return undefined;
  const sessionName = instance.metadata.name!;
  const principal = {
    kind: 'role' as const,
    arn: `arn:aws:sts::${account}:assumed-role/${roleName}/${sessionName}`,
    identityArn: role.arn,
    account,
    userId: `${role.roleId}:${sessionName}`,
    principalId: role.roleId,
    name: roleName,
    sessionName,
  };
  return { ...issueSession(sealer, world.random, principal, world.clock.now() + lifetime), roleName };
}

import type { World } from '@keelson/base';
import { type Client, isNotFound } from '@keelson/client';
import { instanceProfiles, roles } from '@keelson/client/region-resources/index.ts';
import type { Instance } from '@keelson/model/region/object-types.ts';
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
 * when it has no instance profile, or the profile no role.
 */
export async function instanceCredentials(
  options: NodeCredentialOptions,
  instance: Instance,
): Promise<(SessionCredentials & { readonly roleName: string }) | undefined> {
  const { client, world, sealer, account } = options;
  const profileName = instance.spec.iamInstanceProfile?.split('/').at(-1);
  const profile = profileName ? await ignoreMissing(client.resource(instanceProfiles).get(profileName)) : undefined;
  const roleName = profile?.spec.roles?.[0];
  const role = roleName ? await ignoreMissing(client.resource(roles).get(roleName)) : undefined;
  if (role === undefined || roleName === undefined) return undefined;
  const sessionName = instance.metadata.name!;
  const principal = {
    kind: 'role' as const,
    arn: `arn:aws:sts::${account}:assumed-role/${roleName}/${sessionName}`,
    identityArn: `arn:aws:iam::${account}:role${role.spec.path}${roleName}`,
    account,
    userId: `${role.spec.roleId}:${sessionName}`,
    principalId: role.spec.roleId,
    name: roleName,
    sessionName,
  };
  return { ...issueSession(sealer, world.random, principal, world.clock.now() + lifetime), roleName };
}

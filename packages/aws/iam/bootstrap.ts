import type { World } from '@keelson/base';
import { isAlreadyExists } from '@keelson/client';
import type { AccessKey, User } from '@keelson/model/region/object-types.ts';
import type { Sealer } from '../sealing.ts';
import { newAccessKeyId, newSecretAccessKey, newUniqueId } from '../session-tokens.ts';
import { secretPurpose } from './credential-source.ts';
import type { IdentityStore } from './identity-store.ts';

export const administratorName = 'administrator';
const administratorPolicy = 'arn:aws:iam::aws:policy/AdministratorAccess';

export interface BootstrapIdentity {
  readonly userName: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * Makes sure that the account has an administrator with a key, as a new account has after its first steps, and tells the
 * key. Called at each start: what is there stays. When the user has deleted the administrator's keys, a new one is made.
 */
export async function bootstrapIdentities(options: {
  readonly store: IdentityStore;
  readonly sealer: Sealer;
  readonly world: World;
}): Promise<BootstrapIdentity> {
  const { store, sealer, world } = options;
  if ((await store.users.find(administratorName)) === undefined)
    await createOnce(() => store.users.resource.create(newAdministrator(world)));
  for (const key of await store.accessKeys.list()) {
    const secretAccessKey = sealer.open(secretPurpose(key.metadata.name!), key.spec.sealedSecret);
    if (key.spec.userName === administratorName && key.spec.status === 'Active' && secretAccessKey !== undefined)
      return { userName: administratorName, accessKeyId: key.metadata.name!, secretAccessKey };
  }
  const accessKeyId = newAccessKeyId(world.random, 'AKIA');
  const secretAccessKey = newSecretAccessKey(world.random);
  await store.accessKeys.resource.create(newAccessKey(accessKeyId, administratorName, secretAccessKey, sealer));
  return { userName: administratorName, accessKeyId, secretAccessKey };
}

async function createOnce(create: () => Promise<unknown>): Promise<void> {
  try {
    await create();
  } catch (thrown) {
    if (!isAlreadyExists(thrown)) throw thrown;
  }
}

function newAdministrator(world: World): User {
  return {
    apiVersion: 'iam.keelson.dev/v1',
    kind: 'User',
    metadata: { name: administratorName },
    spec: {
      userName: administratorName,
      userId: newUniqueId(world.random, 'AIDA'),
      path: '/',
      attachedPolicies: [administratorPolicy],
    },
  };
}

/** The object of an access key, its secret sealed. */
export function newAccessKey(id: string, userName: string, secret: string, sealer: Sealer): AccessKey {
  return {
    apiVersion: 'iam.keelson.dev/v1',
    kind: 'AccessKey',
    metadata: { name: id },
    spec: { userName, sealedSecret: sealer.seal(secretPurpose(id), secret), status: 'Active' },
  };
}

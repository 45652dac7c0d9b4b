/**
 * AWS IAM: users, access keys, roles, policies and instance profiles of one account, who a key belongs to, and whether
 * policies allow what is asked. Identities are objects of the region; nothing is kept here. Groups, MFA, federation and
 * organisations are not part of it.
 */
import type { ServiceTable } from '@keelson/aws-protocol';
import type { World } from '@keelson/base';
import type { Sealer } from '../sealing.ts';
import type { Authorizer, AwsService, CredentialSource } from '../service.ts';
import { createAuthorizer } from './authorizer.ts';
import { createCredentialSource } from './credential-source.ts';
import type { IdentityStore } from './identity-store.ts';
import { callResources } from './operations/call-resources.ts';
import { operationsOf } from './operations/index.ts';
import { RoleTrust } from './role-trust.ts';

export { administratorName, type BootstrapIdentity, bootstrapIdentities } from './bootstrap.ts';
export { type IdentityStore, identityStore } from './identity-store.ts';
export { RoleTrust, type TrustedRole } from './role-trust.ts';

export interface IamOptions {
  readonly store: IdentityStore;
  readonly sealer: Sealer;
  readonly world: World;
  /** Twelve digits. */
  readonly account: string;
  /** Iam's table. */
  readonly table: ServiceTable;
}

/** The service, and what the front door, STS and other services ask of identities. */
export interface Iam {
  readonly service: AwsService;
  readonly credentials: CredentialSource;
  readonly authorizer: Authorizer;
  readonly roles: RoleTrust;
}

export function createIam(options: IamOptions): Iam {
  const { store, sealer, account, table, world } = options;
  return {
    service: { table, operations: operationsOf(options), resourcesOf: callResources(store) },
    credentials: createCredentialSource({ store, sealer, account, log: world.log }),
    authorizer: createAuthorizer(store),
    roles: new RoleTrust(store, account),
  };
}

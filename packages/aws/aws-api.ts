import { loadTable } from '@keelson/aws-protocol';
import type { HttpHandler, World } from '@keelson/base';
import type { Client } from '@keelson/client';
import { withCallResources } from './call-resources.ts';
import { type ClusterIdentityResult, identifyForCluster } from './cluster-identity.ts';
import { createFrontDoor } from './front-door/index.ts';
import { type BootstrapIdentity, bootstrapIdentities, createIam, identityStore, type RoleTrust } from './iam/index.ts';
import { type InstanceCredentials, instanceCredentials } from './instance-credentials.ts';
import { createSealer } from './sealing.ts';
import type { AwsService, CredentialSource } from './service.ts';
import { createSts } from './sts/index.ts';

export interface AwsApiOptions {
  readonly world: World;
  /** The region's API, where identities are kept. */
  readonly client: Client;
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
  /** 32 bytes, the same for as long as the region lives: access keys and sessions are sealed under it. */
  readonly regionKey: Uint8Array;
  /** Services besides IAM and STS. */
  readonly services: readonly AwsService[];
}

/** The AWS side of a region, put together. */
export interface AwsApi {
  /** The front door. */
  readonly handler: HttpHandler;
  readonly credentials: CredentialSource;
  readonly roles: RoleTrust;
  /** The account's administrator and a key of it; made at the first call, the same afterwards. */
  bootstrap(): Promise<BootstrapIdentity>;
  /** Whose EKS token this is. `frontDoorHosts` are hosts with port that tokens may name besides those of STS. */
  identify(clusterName: string, token: string, frontDoorHosts: ReadonlySet<string>): Promise<ClusterIdentityResult>;
  /** The role credentials that an instance's metadata hands out. */
  instanceCredentials(instance: { instanceId: string; iamInstanceProfile: string }): Promise<InstanceCredentials>;
}

export async function createAwsApi(options: AwsApiOptions): Promise<AwsApi> {
  const { world, client, region, account } = options;
  const sealer = createSealer(options.regionKey, world.random);
  const store = identityStore(client);
  const iam = createIam({ store, sealer, world, account, table: await loadTable('iam') });
  const sts = createSts({ world, sealer, roles: iam.roles, table: await loadTable('sts') });
  const services = [iam.service, sts, ...options.services.map(withCallResources)];
  const { credentials, authorizer, roles } = iam;
  return {
    handler: createFrontDoor({ world, region, account, services, credentials, authorizer }),
    credentials,
    roles,
    bootstrap: () => bootstrapIdentities({ store, sealer, world }),
    identify: (clusterName, token, frontDoorHosts) =>
      identifyForCluster({ client, credentials, frontDoorHosts }, clusterName, token, world.clock.now()),
    instanceCredentials: (instance) =>
      instanceCredentials({ store, roles, sealer, random: world.random, account }, instance, world.clock.now()),
  };
}

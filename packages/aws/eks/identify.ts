import { eksTokenPrefix, verifyEksToken } from '@keelson/aws-protocol';
import type { World } from '@keelson/base';
import { type Client, isNotFound } from '@keelson/client';
import { accessEntries, clusters, instances } from '@keelson/client/region-resources/index.ts';
import type { AccessEntry, Cluster } from '@keelson/model/region/object-types.ts';
import type { Principal } from '../principal.ts';
import type { CredentialSource } from '../service.ts';

export interface IdentifyOptions {
  readonly world: World;
  /** Of the region's API. */
  readonly client: Client;
  readonly credentials: CredentialSource;
  /** Where the front door is reached: `127.0.0.1:4566`. */
  readonly frontDoorHosts: ReadonlySet<string>;
}

/** What a cluster is told of a token's bearer; see the cluster's own EksIdentity for the fields. */
export type Identified =
  | { readonly outcome: 'known'; readonly identity: ReturnType<typeof identityOf> }
  | { readonly outcome: 'refused'; readonly reason: string };

/** Who presents an EKS token to `clusterName`, and what the AWS side has to say about them there. */
export async function identify(options: IdentifyOptions, clusterName: string, token: string): Promise<Identified> {
  if (!token.startsWith(eksTokenPrefix)) return { outcome: 'refused', reason: 'it is no EKS token' };
  const now = options.world.clock.now();
  const result = await verifyEksToken<Principal>(token, {
    clusterName,
    frontDoorHosts: options.frontDoorHosts,
    now,
    lookUp: async (accessKeyId, sessionToken) => {
      const resolved = await options.credentials.resolve(accessKeyId, sessionToken, now);
      return resolved.outcome === 'known'
        ? { secretAccessKey: resolved.secretAccessKey, identity: resolved.principal }
        : undefined;
    },
  });
  if (result.outcome === 'refused') return result;
  const cluster = await options.client
    .resource(clusters)
    .get(clusterName)
    .catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
  if (cluster === undefined) return { outcome: 'refused', reason: `there is no cluster ${clusterName}` };
  const principal = result.identity;
  const entry = await entryOf(options.client, clusterName, principal);
  const privateDnsName = await instanceName(options.client, principal);
  return { outcome: 'known', identity: identityOf(principal, cluster, entry, privateDnsName) };
}

/** By the principal's unique id: an entry made for a role does not hold for a later one of the same name. */
async function entryOf(client: Client, clusterName: string, principal: Principal): Promise<AccessEntry | undefined> {
  const { items } = await client.resource(accessEntries).list();
  return items.find(({ spec }) => spec.clusterName === clusterName && spec.principalId === principal.principalId);
}

/** The private DNS name of the instance that a session is named after: node sessions are called like their instance. */
async function instanceName(client: Client, principal: Principal): Promise<string | undefined> {
  const id = principal.sessionName;
  if (id === undefined || !/^i-[0-9a-f]{8,17}$/.test(id)) return undefined;
  try {
    return (await client.resource(instances).get(id)).spec.privateDnsName;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function identityOf(
  principal: Principal,
  cluster: Cluster,
  entry: AccessEntry | undefined,
  privateDnsName: string | undefined,
) {
  const { spec } = cluster;
  return {
    arn: principal.arn,
    canonicalArn: principal.identityArn.replace(/:(role|user)\/.*\//, ':$1/'),
    accountId: principal.account,
    principalId: principal.principalId,
    sessionName: principal.sessionName ?? '',
    accessKeyId: principal.accessKeyId,
    authenticationMode: spec.authenticationMode as 'API' | 'API_AND_CONFIG_MAP' | 'CONFIG_MAP',
    // In CONFIG_MAP mode the creator's permission is hidden; elsewhere it is an access entry that can be taken away.
    clusterCreatorAdmin:
      spec.authenticationMode === 'CONFIG_MAP' &&
      spec.bootstrapClusterCreatorAdminPermissions &&
      spec.creatorPrincipalId === principal.principalId,
    ...(entry ? { accessEntry: grantOf(entry) } : {}),
    ...(privateDnsName ? { privateDnsName } : {}),
  };
}

function grantOf({ spec }: AccessEntry) {
  return {
    username: spec.username,
    kubernetesGroups: spec.kubernetesGroups,
    policies: spec.policies.map(({ policyArn, scopeType, namespaces }) => ({
      policyArn,
      namespaces: scopeType === 'cluster' ? ('*' as const) : namespaces,
    })),
  };
}

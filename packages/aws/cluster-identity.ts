import { verifyEksToken } from '@keelson/aws-protocol';
import { type Client, isNotFound } from '@keelson/client';
import { accessEntries, clusters, instances } from '@keelson/client/region-resources/index.ts';
import type { AccessEntry, Cluster } from '@keelson/model/region/object-types.ts';
import { accessEntryName } from './eks/names.ts';
import type { Principal } from './principal.ts';
import type { CredentialSource } from './service.ts';

/** Who presented a token to a cluster, and what the region knows that the cluster decides by (what its authenticator asks for). */
export interface ClusterIdentity {
  readonly arn: string;
  /** The principal behind a session, without its path. */
  readonly canonicalArn: string;
  readonly accountId: string;
  readonly principalId: string;
  /** Empty for a user. */
  readonly sessionName: string;
  readonly accessKeyId: string;
  readonly authenticationMode: 'API' | 'API_AND_CONFIG_MAP' | 'CONFIG_MAP';
  /** It made the cluster in CONFIG_MAP mode, with administrator permissions. */
  readonly clusterCreatorAdmin: boolean;
  readonly accessEntry?: {
    readonly username: string;
    readonly kubernetesGroups: readonly string[];
    readonly policies: readonly { readonly policyArn: string; readonly namespaces: readonly string[] | '*' }[];
  };
  /** Of the instance that the session is named after. */
  readonly privateDnsName?: string;
}

export type ClusterIdentityResult =
  | { readonly outcome: 'known'; readonly identity: ClusterIdentity }
  | { readonly outcome: 'refused'; readonly reason: string };

export interface ClusterIdentityOptions {
  /** The region's API. */
  readonly client: Client;
  readonly credentials: CredentialSource;
  /** Hosts of the front door with their port, as tokens may name them: `127.0.0.1:4566`. */
  readonly frontDoorHosts: ReadonlySet<string>;
}

/**
 * Tells whose EKS token this is, for the cluster that it was shown to. Keys, sessions, cluster and access entry are looked
 * up each time, so that what was deleted is refused from the next call on. Rejects when the region's API cannot answer.
 */
export async function identifyForCluster(
  options: ClusterIdentityOptions,
  clusterName: string,
  token: string,
  now: number,
): Promise<ClusterIdentityResult> {
  const verified = await verifyEksToken<Principal>(token, {
    clusterName,
    frontDoorHosts: options.frontDoorHosts,
    now,
    async lookUp(accessKeyId, sessionToken) {
      const found = await options.credentials.resolve(accessKeyId, sessionToken, now);
      if (found.outcome !== 'known') return undefined;
      return { secretAccessKey: found.secretAccessKey, identity: found.principal };
    },
  });
  if (verified.outcome === 'refused') return verified;
  const cluster = await present(options.client.resource(clusters).get(clusterName));
  if (cluster === undefined) return { outcome: 'refused', reason: `there is no cluster ${clusterName}` };
  return { outcome: 'known', identity: await describe(options.client, cluster, verified.identity) };
}

async function present<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined;
    throw thrown;
  }
}

async function describe(client: Client, cluster: Cluster, principal: Principal): Promise<ClusterIdentity> {
  const { authenticationMode, bootstrapClusterCreatorAdminPermissions, creatorPrincipalId } = cluster.spec;
  const entry = await accessEntryOf(client, cluster.metadata.name!, principal);
  const dnsName = await privateDnsNameOf(client, principal.sessionName);
  return {
    arn: principal.arn,
    canonicalArn: withoutPath(principal.identityArn),
    accountId: principal.account,
    principalId: principal.principalId,
    sessionName: principal.sessionName ?? '',
    accessKeyId: principal.accessKeyId,
    authenticationMode: authenticationMode as ClusterIdentity['authenticationMode'],
    clusterCreatorAdmin:
      authenticationMode === 'CONFIG_MAP' &&
      bootstrapClusterCreatorAdminPermissions &&
      creatorPrincipalId === principal.principalId,
    ...(entry === undefined ? {} : { accessEntry: grantOf(entry) }),
    ...(dnsName === undefined ? {} : { privateDnsName: dnsName }),
  };
}

/** `arn:aws:iam::0:role/team/NAME` as aws-auth writes it: `arn:aws:iam::0:role/NAME`. */
function withoutPath(arn: string): string {
  return arn.replace(/^(arn:[^/]*\/)(?:.*\/)?([^/]+)$/, '$1$2');
}

/** The entry of this very principal: one that was made anew under an old name does not get in. */
async function accessEntryOf(
  client: Client,
  clusterName: string,
  principal: Principal,
): Promise<AccessEntry | undefined> {
  for (const arn of new Set([principal.identityArn, withoutPath(principal.identityArn)])) {
    const entry = await present(client.resource(accessEntries).get(accessEntryName(clusterName, arn)));
    if (entry !== undefined && entry.spec.principalId === principal.principalId) return entry;
  }
  return undefined;
}

function grantOf({ spec }: AccessEntry): NonNullable<ClusterIdentity['accessEntry']> {
  return {
    username: spec.username,
    kubernetesGroups: spec.kubernetesGroups,
    policies: spec.policies.map(({ policyArn, scopeType, namespaces }) => ({
      policyArn,
      namespaces: scopeType === 'cluster' ? '*' : namespaces,
    })),
  };
}

async function privateDnsNameOf(client: Client, sessionName: string | undefined): Promise<string | undefined> {
  if (sessionName === undefined || !/^i-[0-9a-f]{8,17}$/.test(sessionName)) return undefined;
  return (await present(client.resource(instances).get(sessionName)))?.spec.privateDnsName;
}

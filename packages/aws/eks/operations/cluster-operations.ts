import { isAlreadyExists, isNotFound, type TransactionOperation } from '@keelson/client';
import { accessEntries, clusters, nodegroups, roles } from '@keelson/client/region-resources/index.ts';
import type { Cluster } from '@keelson/model/region/object-types.ts';
import type { CallContext } from '../../service.ts';
import { clusterView } from '../cluster-view.ts';
import { inUse, invalidParameter, invalidRequest, limitExceeded } from '../errors.ts';
import { accessEntryName, roleNameOf } from '../names.ts';
import { defaultVersion, findVersion, supportStatus } from '../versions.ts';
import { type Environment, getCluster, newObject, type Operations, page } from './environment.ts';
import {
  chooseServiceCidr,
  requirePublicCidrs,
  requireSecurityGroups,
  requireServiceCidr,
  requireSubnets,
} from './vpc-config.ts';

const clusterAdminPolicy = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy';
export const clusterFinalizer = 'eks.keelson.dev/cluster';
const clusterQuota = 100;
const namePattern = /^[0-9A-Za-z][A-Za-z0-9\-_]{0,99}$/;
const logTypes = new Set(['api', 'audit', 'authenticator', 'controllerManager', 'scheduler']);

/** @throws AwsError InvalidParameterException in EKS' words, when the role is none of this account's */
export async function requireRole(environment: Environment, arn: string): Promise<void> {
  const name = roleNameOf(arn);
  if (name === undefined) throw invalidParameter(`Error in role params: invalid role ARN '${arn}'`);
  try {
    const role = await environment.client.resource(roles).get(name);
    if (arn !== `arn:aws:iam::${environment.account}:role${role.spec.path}${name}`) throw noSuchRole(arn);
  } catch (error) {
    throw isNotFound(error) ? noSuchRole(arn) : error;
  }
}

function noSuchRole(arn: string): Error {
  return invalidParameter(
    `Role with arn: ${arn}, could not be assumed because it does not exist or the trusted entity is not correct`,
  );
}

/** Enabled log types by the API's list of groups, on top of what is enabled. @throws AwsError */
export function enabledLogTypes(logging: Record<string, any> | undefined, before: readonly string[]): string[] {
  const enabled = new Set(before);
  for (const group of logging?.['clusterLogging'] ?? []) {
    for (const type of group.types ?? []) {
      if (!logTypes.has(type)) throw invalidParameter(`Invalid log type: ${type}`);
      if (group.enabled) enabled.add(type);
      else enabled.delete(type);
    }
  }
  return [...enabled].sort();
}

function requireVersion(version: string, now: number): void {
  const known = findVersion(version);
  if (!known || supportStatus(known, now) === 'UNSUPPORTED') throw invalidParameter('unsupported Kubernetes version');
}

async function specOf(
  environment: Environment,
  input: Record<string, any>,
  { principal }: CallContext,
): Promise<Cluster['spec']> {
  const vpc = input['resourcesVpcConfig'] ?? {};
  const network = input['kubernetesNetworkConfig'] ?? {};
  const access = input['accessConfig'] ?? {};
  const version: string = input['version'] ?? defaultVersion;
  requireVersion(version, environment.world.clock.now());
  await requireRole(environment, input['roleArn']);
  const found = await requireSubnets(environment, vpc.subnetIds ?? [], 2);
  const vpcId = found[0]!.spec.vpcId;
  await requireSecurityGroups(environment, vpc.securityGroupIds ?? [], vpcId);
  requirePublicCidrs(vpc.publicAccessCidrs ?? []);
  if (network.ipFamily === 'ipv6') throw invalidParameter('IPv6 clusters are not supported in this region');
  if (network.serviceIpv4Cidr) await requireServiceCidr(environment, network.serviceIpv4Cidr, vpcId);
  const publicAccess = vpc.endpointPublicAccess ?? true;
  const privateAccess = vpc.endpointPrivateAccess ?? false;
  if (!publicAccess && !privateAccess) throw invalidParameter('Private and public endpoint access cannot be false');
  return {
    roleArn: input['roleArn'],
    version,
    subnetIds: vpc.subnetIds,
    securityGroupIds: vpc.securityGroupIds ?? [],
    endpointPublicAccess: publicAccess,
    endpointPrivateAccess: privateAccess,
    publicAccessCidrs: vpc.publicAccessCidrs?.length ? vpc.publicAccessCidrs : ['0.0.0.0/0'],
    serviceIpv4Cidr: network.serviceIpv4Cidr ?? (await chooseServiceCidr(environment, vpcId)),
    ipFamily: 'ipv4',
    enabledLogTypes: enabledLogTypes(input['logging'], []),
    authenticationMode: access.authenticationMode ?? 'CONFIG_MAP',
    bootstrapClusterCreatorAdminPermissions: access.bootstrapClusterCreatorAdminPermissions ?? true,
    bootstrapSelfManagedAddons: input['bootstrapSelfManagedAddons'] ?? true,
    supportType: input['upgradePolicy']?.supportType ?? 'EXTENDED',
    deletionProtection: input['deletionProtection'] ?? false,
    zonalShift: input['zonalShiftConfig']?.enabled ?? false,
    ...(input['encryptionConfig']?.length ? { encryptionConfig: JSON.stringify(input['encryptionConfig']) } : {}),
    creatorArn: principal.identityArn,
    creatorPrincipalId: principal.principalId,
    ...(input['clientRequestToken'] ? { clientRequestToken: input['clientRequestToken'] } : {}),
    tags: input['tags'] ?? {},
  };
}

/** The entry that makes the creator the cluster's administrator, where access entries decide. */
function creatorEntry(environment: Environment, cluster: Cluster, { principal }: CallContext): TransactionOperation[] {
  const { authenticationMode, bootstrapClusterCreatorAdminPermissions } = cluster.spec;
  if (authenticationMode === 'CONFIG_MAP' || !bootstrapClusterCreatorAdminPermissions) return [];
  const now = new Date(environment.world.clock.now()).toISOString();
  const clusterName = cluster.metadata.name!;
  const isRole = principal.identityArn.includes(':role/');
  const roleName = principal.identityArn.split('/').at(-1);
  const object = newObject(accessEntries, accessEntryName(clusterName, principal.identityArn), {
    clusterName,
    principalArn: principal.identityArn,
    principalId: principal.principalId,
    type: 'STANDARD',
    username: isRole
      ? `arn:aws:sts::${environment.account}:assumed-role/${roleName}/{{SessionName}}`
      : principal.identityArn,
    kubernetesGroups: [],
    policies: [
      { policyArn: clusterAdminPolicy, scopeType: 'cluster', namespaces: [], associatedAt: now, modifiedAt: now },
    ],
    modifiedAt: now,
    tags: {},
  });
  return [{ verb: 'create', object }];
}

async function createCluster(environment: Environment, input: Record<string, any>, context: CallContext) {
  const name: string = input['name'];
  if (!namePattern.test(name)) {
    throw invalidParameter(
      'The cluster name must begin with a letter or number and can contain alphanumeric characters, hyphens, and underscores, with a maximum length of 100',
    );
  }
  const present = (await environment.client.resource(clusters).list()).items;
  const same = present.find((cluster) => cluster.metadata.name === name);
  if (same) {
    const token = input['clientRequestToken'];
    if (token && same.spec.clientRequestToken === token) return { cluster: clusterView(same, environment) };
    throw inUse(`Cluster already exists with name: ${name}`, { clusterName: name });
  }
  if (present.length >= clusterQuota) {
    throw limitExceeded(`You've reached your cluster limit (${clusterQuota}) for this account in this region`);
  }
  await context.authorize('iam:PassRole', input['roleArn']);
  const spec = await specOf(environment, input, context);
  const cluster = newObject<Cluster>(clusters, name, spec);
  cluster.metadata.finalizers = [clusterFinalizer];
  try {
    const [made] = await environment.client.transact([
      { verb: 'create', object: cluster },
      ...creatorEntry(environment, cluster, context),
    ]);
    return { cluster: clusterView(made as Cluster, environment) };
  } catch (error) {
    throw isAlreadyExists(error) ? inUse(`Cluster already exists with name: ${name}`, { clusterName: name }) : error;
  }
}

async function deleteCluster(environment: Environment, input: Record<string, any>) {
  const name: string = input['name'];
  const cluster = await getCluster(environment, name);
  if (cluster.spec.deletionProtection) {
    throw invalidRequest(`Cluster ${name} has deletion protection enabled; disable it before deleting the cluster`, {
      clusterName: name,
    });
  }
  const groups = (await environment.client.resource(nodegroups).list()).items.filter(
    (group) => group.spec.clusterName === name,
  );
  if (groups.length > 0) throw inUse('Cluster has nodegroups attached', { clusterName: name });
  await environment.client.resource(clusters).delete(name);
  cluster.metadata.deletionTimestamp ??= new Date(environment.world.clock.now()).toISOString();
  return { cluster: clusterView(cluster, environment) };
}

/** The operations on clusters themselves. */
export function clusterOperations(environment: Environment): Operations {
  return {
    CreateCluster: (input, context) => createCluster(environment, input, context),
    DescribeCluster: async (input) => ({
      cluster: clusterView(await getCluster(environment, input['name']), environment),
    }),
    ListClusters: async (input) => {
      const { items } = await environment.client.resource(clusters).list();
      const { items: names, nextToken } = page(items.map((cluster) => cluster.metadata.name!).sort(), input);
      return { clusters: names, nextToken };
    },
    DeleteCluster: (input) => deleteCluster(environment, input),
  };
}

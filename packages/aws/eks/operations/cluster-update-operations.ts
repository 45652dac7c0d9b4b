import { isConflict } from '@keelson/client';
import { nodegroups } from '@keelson/client/region-resources/index.ts';
import type { Cluster, Update } from '@keelson/model/region/object-types.ts';
import { clusterPhase } from '../cluster-view.ts';
import { inUse, invalidParameter, invalidRequest } from '../errors.ts';
import { findVersion, minorOf, supportStatus } from '../versions.ts';
import { enabledLogTypes } from './cluster-operations.ts';
import { type Environment, getCluster, type Operations } from './environment.ts';
import { newUpdate, type UpdateParameter, updateView } from './update-operations.ts';
import { requirePublicCidrs } from './vpc-config.ts';

/** The cluster, when no other change to it is under way. @throws AwsError ResourceInUseException, InvalidRequestException */
async function getSettledCluster(environment: Environment, name: string): Promise<Cluster> {
  const cluster = await getCluster(environment, name);
  const phase = clusterPhase(cluster);
  if (phase === 'UPDATING')
    throw inUse('Cannot perform an update because the cluster is being updated', { clusterName: name });
  if (phase !== 'ACTIVE') {
    throw invalidRequest(`Cannot perform an update because the cluster is in ${phase} state`, { clusterName: name });
  }
  return cluster;
}

/** Writes the changed cluster, its phase and the update in one step. */
async function startUpdate(
  environment: Environment,
  cluster: Cluster,
  update: Update,
): Promise<Record<string, unknown>> {
  try {
    const [, made] = await environment.client.transact([
      { verb: 'update', object: cluster },
      { verb: 'create', object: update },
    ]);
    return { update: updateView(made as Update) };
  } catch (error) {
    if (!isConflict(error)) throw error;
    throw inUse('Cannot perform an update because the cluster is being updated', {
      clusterName: cluster.metadata.name!,
    });
  }
}

function endpointChange(cluster: Cluster, vpc: Record<string, any>): UpdateParameter[] {
  const { spec } = cluster;
  const publicAccess = vpc['endpointPublicAccess'] ?? spec.endpointPublicAccess;
  const privateAccess = vpc['endpointPrivateAccess'] ?? spec.endpointPrivateAccess;
  const cidrs: string[] = vpc['publicAccessCidrs'] ?? spec.publicAccessCidrs;
  if (!publicAccess && !privateAccess) throw invalidParameter('Private and public endpoint access cannot be false');
  requirePublicCidrs(cidrs);
  if (
    publicAccess === spec.endpointPublicAccess &&
    privateAccess === spec.endpointPrivateAccess &&
    cidrs.join() === spec.publicAccessCidrs.join()
  ) {
    throw invalidParameter(
      'Cluster is already at the desired configuration with endpointPrivateAccess: ' +
        `${privateAccess} , endpointPublicAccess: ${publicAccess}, and Public Endpoint Restrictions: [${cidrs.join(', ')}]`,
    );
  }
  Object.assign(spec, {
    endpointPublicAccess: publicAccess,
    endpointPrivateAccess: privateAccess,
    publicAccessCidrs: cidrs,
  });
  return [
    { type: 'EndpointPublicAccess', value: String(publicAccess) },
    { type: 'EndpointPrivateAccess', value: String(privateAccess) },
    { type: 'PublicAccessCidrs', value: JSON.stringify(cidrs) },
  ];
}

const modes = ['CONFIG_MAP', 'API_AND_CONFIG_MAP', 'API'];

function accessChange(cluster: Cluster, mode: string): UpdateParameter[] {
  const { spec } = cluster;
  if (mode === spec.authenticationMode)
    throw invalidParameter(`Unsupported authentication mode update from ${mode} to ${mode}`);
  if (modes.indexOf(mode) < modes.indexOf(spec.authenticationMode)) {
    throw invalidParameter(`Unsupported authentication mode update from ${spec.authenticationMode} to ${mode}`);
  }
  spec.authenticationMode = mode;
  return [{ type: 'AuthenticationMode', value: `"${mode}"` }];
}

/** Which update the input asks for; EKS takes one kind at a time. */
function applyChange(cluster: Cluster, input: Record<string, any>): { type: string; params: UpdateParameter[] } {
  const { spec } = cluster;
  const name = cluster.metadata.name!;
  const kinds = [
    'resourcesVpcConfig',
    'logging',
    'accessConfig',
    'upgradePolicy',
    'deletionProtection',
    'zonalShiftConfig',
  ];
  const asked = kinds.filter((kind) => input[kind] !== undefined);
  if (asked.length === 0) throw invalidParameter('No changes needed for the config provided', { clusterName: name });
  if (asked.length > 1) throw invalidParameter('Only one type of update can be allowed', { clusterName: name });
  switch (asked[0]) {
    case 'resourcesVpcConfig':
      return { type: 'EndpointAccessUpdate', params: endpointChange(cluster, input['resourcesVpcConfig']) };
    case 'logging': {
      const enabled = enabledLogTypes(input['logging'], spec.enabledLogTypes);
      if (enabled.join() === [...spec.enabledLogTypes].sort().join())
        throw invalidParameter('No changes needed for the logging config provided', { clusterName: name });
      spec.enabledLogTypes = enabled;
      return { type: 'LoggingUpdate', params: [{ type: 'ClusterLogging', value: JSON.stringify(input['logging']) }] };
    }
    case 'accessConfig':
      return { type: 'AccessConfigUpdate', params: accessChange(cluster, input['accessConfig'].authenticationMode) };
    case 'upgradePolicy':
      spec.supportType = input['upgradePolicy'].supportType ?? spec.supportType;
      return {
        type: 'UpgradePolicyUpdate',
        params: [{ type: 'UpgradePolicy', value: JSON.stringify({ supportType: spec.supportType }) }],
      };
    case 'deletionProtection':
      spec.deletionProtection = input['deletionProtection'];
      return {
        type: 'DeletionProtectionUpdate',
        params: [{ type: 'DeletionProtection', value: String(spec.deletionProtection) }],
      };
    default:
      spec.zonalShift = input['zonalShiftConfig'].enabled ?? false;
      return {
        type: 'ZonalShiftConfigUpdate',
        params: [{ type: 'ZonalShiftConfig', value: JSON.stringify({ enabled: spec.zonalShift }) }],
      };
  }
}

async function updateVersion(environment: Environment, input: Record<string, any>) {
  const cluster = await getSettledCluster(environment, input['name']);
  const { spec } = cluster;
  const name = cluster.metadata.name!;
  const wanted = findVersion(input['version'] ?? '');
  if (!wanted || supportStatus(wanted, environment.world.clock.now()) === 'UNSUPPORTED') {
    throw invalidParameter('unsupported Kubernetes version', { clusterName: name });
  }
  const step = minorOf(wanted.version) - minorOf(spec.version);
  if (step === 0)
    throw invalidParameter(`Cluster is already at the desired configuration with version: ${wanted.version}`, {
      clusterName: name,
    });
  if (step !== 1) {
    throw invalidParameter(`Unsupported Kubernetes minor version update from ${spec.version} to ${wanted.version}`, {
      clusterName: name,
    });
  }
  const groups = (await environment.client.resource(nodegroups).list()).items;
  const behind = groups.filter((group) => group.spec.clusterName === name && group.spec.version !== spec.version);
  if (behind.length > 0) {
    const names = behind.map((group) => group.spec.nodegroupName).join(', ');
    throw invalidRequest(
      `Nodegroup(s) ${names} must be updated to match cluster version ${spec.version} before updating cluster version`,
      { clusterName: name },
    );
  }
  spec.version = wanted.version;
  const params = [
    { type: 'Version', value: wanted.version },
    { type: 'PlatformVersion', value: wanted.platformVersion },
  ];
  return startUpdate(
    environment,
    cluster,
    newUpdate(environment, { clusterName: name }, 'VersionUpdate', params, cluster),
  );
}

/** UpdateClusterConfig and UpdateClusterVersion: both answer with the update that was begun. */
export function clusterUpdateOperations(environment: Environment): Operations {
  return {
    UpdateClusterConfig: async (input) => {
      const cluster = await getSettledCluster(environment, input['name']);
      const { type, params } = applyChange(cluster, input);
      return startUpdate(
        environment,
        cluster,
        newUpdate(environment, { clusterName: cluster.metadata.name! }, type, params, cluster),
      );
    },
    UpdateClusterVersion: (input) => updateVersion(environment, input),
  };
}

import { isAlreadyExists, isConflict } from '@keelson/client';
import { nodegroups } from '@keelson/client/region-resources/index.ts';
import { nodeImageFor } from '@keelson/model/region/images.ts';
import { instanceTypes } from '@keelson/model/region/instance-types.ts';
import type { Cluster, Nodegroup, Update } from '@keelson/model/region/object-types.ts';
import type { CallContext } from '../../service.ts';
import { inUse, invalidParameter, invalidRequest, limitExceeded } from '../errors.ts';
import { memberName } from '../names.ts';
import { nodegroupPhase, nodegroupView } from '../nodegroup-view.ts';
import { findVersion, minorOf } from '../versions.ts';
import { requireRole } from './cluster-operations.ts';
import {
  type Environment,
  getActiveCluster,
  getCluster,
  getNodegroup,
  newObject,
  type Operations,
  page,
} from './environment.ts';
import { newUpdate, type UpdateParameter, updateView } from './update-operations.ts';
import { requireSubnets } from './vpc-config.ts';

export const nodegroupFinalizer = 'eks.keelson.dev/nodegroup';
const nodegroupQuota = 30;
const nodeQuota = 450;
const effects = new Set(['NO_SCHEDULE', 'NO_EXECUTE', 'PREFER_NO_SCHEDULE']);

interface Scaling {
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredSize: number;
}

/** @throws AwsError InvalidParameterException */
function checkScaling({ minSize, maxSize, desiredSize }: Scaling): void {
  if (maxSize < 1) throw invalidParameter('maxSize must be at least 1');
  if (minSize > maxSize)
    throw invalidParameter(`minSize must be less than or equal to maxSize: minSize ${minSize}, maxSize ${maxSize}`);
  if (desiredSize > maxSize)
    throw invalidParameter(`desired capacity ${desiredSize} can't be greater than max size ${maxSize}`);
  if (desiredSize < minSize)
    throw invalidParameter(`desired capacity ${desiredSize} can't be less than min size ${minSize}`);
  if (maxSize > nodeQuota) throw limitExceeded(`A node group can have at most ${nodeQuota} nodes`);
}

function scalingOf(input: Record<string, any> | undefined, before: Scaling): Scaling {
  const minSize = input?.['minSize'] ?? before.minSize;
  const maxSize = input?.['maxSize'] ?? before.maxSize;
  const scaling = { minSize, maxSize, desiredSize: input?.['desiredSize'] ?? before.desiredSize };
  checkScaling(scaling);
  return scaling;
}

function checkTaints(taints: readonly Record<string, any>[]): void {
  const seen = new Set<string>();
  for (const taint of taints) {
    if (!taint['key']) throw invalidParameter('Taint key cannot be empty');
    if (!effects.has(taint['effect'])) throw invalidParameter(`Invalid taint effect: ${taint['effect']}`);
    const id = `${taint['key']}:${taint['effect']}`;
    if (seen.has(id)) throw invalidParameter(`Duplicate taint with key ${taint['key']} and effect ${taint['effect']}`);
    seen.add(id);
  }
}

function checkInstanceTypes(names: readonly string[], amiType: string): void {
  for (const name of names) {
    const type = instanceTypes.get(name);
    if (!type) {
      throw invalidParameter(`The following supplied instance types do not exist: [${name}]`);
    }
    if (amiType !== 'CUSTOM' && amiType.includes('ARM_64') !== (type.architecture === 'arm64')) {
      throw invalidParameter(`[${name}] is not a valid instance type for requested amiType ${amiType}`);
    }
  }
}

/** The version and AMI release of new nodes. @throws AwsError when the cluster is of another version */
function versionOf(cluster: Cluster, asked: string | undefined): { version: string; releaseVersion: string } {
  const clusterVersion = cluster.status?.observedVersion ?? cluster.spec.version;
  const version = asked ?? clusterVersion;
  const known = findVersion(version);
  if (!known)
    throw invalidParameter(
      `Requested Nodegroup release version ${version} is invalid. Allowed release version is ${clusterVersion}`,
    );
  const lag = minorOf(clusterVersion) - minorOf(version);
  if (lag < 0 || lag > 3) {
    throw invalidParameter(
      `Nodegroup Kubernetes version should be equal to Cluster kubernetes version ${clusterVersion} or NodeGroup kubernetes version ${version}`,
    );
  }
  return { version, releaseVersion: nodeImageFor(minorOf(version), 'x86_64')!.releaseVersion };
}

async function specOf(
  environment: Environment,
  cluster: Cluster,
  input: Record<string, any>,
): Promise<Nodegroup['spec']> {
  const clusterName = cluster.metadata.name!;
  if (input['launchTemplate']) {
    throw invalidRequest('Launch templates are not supported for node groups of this region yet', { clusterName });
  }
  await requireRole(environment, input['nodeRole']);
  const found = await requireSubnets(environment, input['subnets'] ?? [], 1);
  if (found[0]!.spec.vpcId !== cluster.status?.vpcId) {
    throw invalidParameter(`Subnets are not in the VPC of the cluster: ${cluster.status?.vpcId}`);
  }
  const scaling = scalingOf(input['scalingConfig'], {
    minSize: 1,
    maxSize: 2,
    desiredSize: input['scalingConfig']?.minSize ?? 2,
  });
  const types: string[] = input['instanceTypes'] ?? ['t3.medium'];
  const arm = types.every((name) => instanceTypes.get(name)?.architecture === 'arm64');
  const amiType: string = input['amiType'] ?? (arm ? 'AL2023_ARM_64_STANDARD' : 'AL2023_x86_64_STANDARD');
  checkInstanceTypes(types, amiType);
  checkTaints(input['taints'] ?? []);
  const update = input['updateConfig'] ?? {};
  if (update.maxUnavailable !== undefined && update.maxUnavailablePercentage !== undefined) {
    throw invalidParameter('Only one of maxUnavailable and maxUnavailablePercentage can be specified');
  }
  return {
    clusterName,
    nodegroupName: input['nodegroupName'],
    nodeRole: input['nodeRole'],
    subnets: input['subnets'],
    instanceTypes: types,
    amiType,
    capacityType: input['capacityType'] ?? 'ON_DEMAND',
    diskSize: input['diskSize'] ?? 20,
    ...scaling,
    ...(update.maxUnavailablePercentage === undefined
      ? { maxUnavailable: update.maxUnavailable ?? 1 }
      : { maxUnavailablePercentage: update.maxUnavailablePercentage }),
    ...versionOf(cluster, input['version']),
    labels: input['labels'] ?? {},
    taints: input['taints'] ?? [],
    ...(input['remoteAccess'] ? { remoteAccess: JSON.stringify(input['remoteAccess']) } : {}),
    ...(input['nodeRepairConfig'] ? { nodeRepairConfig: JSON.stringify(input['nodeRepairConfig']) } : {}),
    ...(input['clientRequestToken'] ? { clientRequestToken: input['clientRequestToken'] } : {}),
    tags: input['tags'] ?? {},
  };
}

async function createNodegroup(environment: Environment, input: Record<string, any>, context: CallContext) {
  const clusterName: string = input['clusterName'];
  const name: string = input['nodegroupName'];
  if (!/^[0-9A-Za-z][A-Za-z0-9\-_]{0,62}$/.test(name)) {
    throw invalidParameter(
      'The nodegroup name must begin with a letter or number, can contain hyphens and underscores, and cannot be longer than 63 characters',
      { clusterName, nodegroupName: name },
    );
  }
  const cluster = await getActiveCluster(environment, clusterName, (phase) =>
    invalidRequest(`Cluster '${clusterName}' is not in ACTIVE status. Current status: ${phase}`, { clusterName }),
  );
  const present = (await environment.client.resource(nodegroups).list()).items.filter(
    (group) => group.spec.clusterName === clusterName,
  );
  const same = present.find((group) => group.spec.nodegroupName === name);
  const exists = () =>
    inUse(`NodeGroup already exists with name ${name} and cluster name ${clusterName}`, {
      clusterName,
      nodegroupName: name,
    });
  if (same) {
    const token = input['clientRequestToken'];
    if (token && same.spec.clientRequestToken === token) return { nodegroup: nodegroupView(same, environment) };
    throw exists();
  }
  if (present.length >= nodegroupQuota)
    throw limitExceeded(`A cluster can have at most ${nodegroupQuota} node groups`, { clusterName });
  await context.authorize('iam:PassRole', input['nodeRole']);
  const object = newObject<Nodegroup>(
    nodegroups,
    memberName(clusterName, name),
    await specOf(environment, cluster, input),
  );
  object.metadata.finalizers = [nodegroupFinalizer];
  try {
    return { nodegroup: nodegroupView(await environment.client.resource(nodegroups).create(object), environment) };
  } catch (error) {
    throw isAlreadyExists(error) ? exists() : error;
  }
}

function changedTaints(before: Nodegroup['spec']['taints'], change: Record<string, any> | undefined) {
  if (!change) return before;
  const key = (taint: { key: string; effect: string }) => `${taint.key}:${taint.effect}`;
  const gone = new Set([...(change['removeTaints'] ?? []), ...(change['addOrUpdateTaints'] ?? [])].map(key));
  const after = [...(before ?? []).filter((taint) => !gone.has(key(taint))), ...(change['addOrUpdateTaints'] ?? [])];
  checkTaints(after);
  return after;
}

/** Changes the node group's spec as UpdateNodegroupConfig asks; returns what the update tells of it. */
function applyConfig(nodegroup: Nodegroup, input: Record<string, any>): UpdateParameter[] {
  const { spec } = nodegroup;
  const params: UpdateParameter[] = [];
  if (input['scalingConfig']) {
    const scaling = scalingOf(input['scalingConfig'], spec);
    Object.assign(spec, scaling);
    params.push(
      { type: 'MinSize', value: String(scaling.minSize) },
      { type: 'MaxSize', value: String(scaling.maxSize) },
      { type: 'DesiredSize', value: String(scaling.desiredSize) },
    );
  }
  if (input['labels']) {
    const labels = { ...spec.labels, ...input['labels'].addOrUpdateLabels };
    for (const name of input['labels'].removeLabels ?? []) delete labels[name];
    spec.labels = labels;
    const { addOrUpdateLabels, removeLabels } = input['labels'];
    if (addOrUpdateLabels) params.push({ type: 'LabelsToAdd', value: JSON.stringify(addOrUpdateLabels) });
    if (removeLabels) params.push({ type: 'LabelsToRemove', value: JSON.stringify(removeLabels) });
  }
  if (input['taints']) {
    spec.taints = changedTaints(spec.taints, input['taints']);
    const { addOrUpdateTaints, removeTaints } = input['taints'];
    if (addOrUpdateTaints) params.push({ type: 'TaintsToAdd', value: JSON.stringify(addOrUpdateTaints) });
    if (removeTaints) params.push({ type: 'TaintsToRemove', value: JSON.stringify(removeTaints) });
  }
  if (input['updateConfig']) {
    const { maxUnavailable, maxUnavailablePercentage } = input['updateConfig'];
    if (maxUnavailable !== undefined && maxUnavailablePercentage !== undefined) {
      throw invalidParameter('Only one of maxUnavailable and maxUnavailablePercentage can be specified');
    }
    delete spec.maxUnavailable;
    delete spec.maxUnavailablePercentage;
    if (maxUnavailablePercentage === undefined) spec.maxUnavailable = maxUnavailable ?? 1;
    else spec.maxUnavailablePercentage = maxUnavailablePercentage;
    params.push({
      type: maxUnavailablePercentage === undefined ? 'MaxUnavailable' : 'MaxUnavailablePercentage',
      value: String(maxUnavailable ?? maxUnavailablePercentage),
    });
  }
  return params;
}

async function updateConfig(environment: Environment, input: Record<string, any>) {
  const { clusterName, nodegroupName } = input as { clusterName: string; nodegroupName: string };
  const about = { clusterName, nodegroupName };
  const nodegroup = await getNodegroup(environment, clusterName, nodegroupName);
  const phase = nodegroupPhase(nodegroup);
  if (phase !== 'ACTIVE' && phase !== 'DEGRADED') {
    throw inUse(`Nodegroup cannot be updated as it is currently not in Active State`, about);
  }
  const params = applyConfig(nodegroup, input);
  if (params.length === 0) throw invalidParameter('No changes needed for the config provided', about);
  try {
    const update = newUpdate(environment, about, 'ConfigUpdate', params, nodegroup);
    const [, made] = await environment.client.transact([
      { verb: 'update', object: nodegroup },
      { verb: 'create', object: update },
    ]);
    return { update: updateView(made as Update) };
  } catch (error) {
    throw isConflict(error)
      ? inUse('Nodegroup cannot be updated as it is currently not in Active State', about)
      : error;
  }
}

/** The operations on managed node groups. */
export function nodegroupOperations(environment: Environment): Operations {
  return {
    CreateNodegroup: (input, context) => createNodegroup(environment, input, context),
    DescribeNodegroup: async (input) => ({
      nodegroup: nodegroupView(
        await getNodegroup(environment, input['clusterName'], input['nodegroupName']),
        environment,
      ),
    }),
    ListNodegroups: async (input) => {
      await getCluster(environment, input['clusterName']);
      const all = (await environment.client.resource(nodegroups).list()).items;
      const names = all
        .filter((group) => group.spec.clusterName === input['clusterName'])
        .map((group) => group.spec.nodegroupName);
      const { items, nextToken } = page(names.sort(), input);
      return { nodegroups: items, nextToken };
    },
    DeleteNodegroup: async (input) => {
      const nodegroup = await getNodegroup(environment, input['clusterName'], input['nodegroupName']);
      await environment.client.resource(nodegroups).delete(nodegroup.metadata.name!);
      nodegroup.metadata.deletionTimestamp ??= new Date(environment.world.clock.now()).toISOString();
      return { nodegroup: nodegroupView(nodegroup, environment) };
    },
    UpdateNodegroupConfig: (input) => updateConfig(environment, input),
  };
}

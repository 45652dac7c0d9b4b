import { isConflict } from '@keelson/client';
import { nodeImageFor } from '@keelson/model/region/images.ts';
import type { Update } from '@keelson/model/region/object-types.ts';
import { inUse, invalidParameter, invalidRequest } from '../errors.ts';
import { nodegroupPhase } from '../nodegroup-view.ts';
import { minorOf } from '../versions.ts';
import { type Environment, getCluster, getNodegroup, type Operations } from './environment.ts';
import { newUpdate, updateView } from './update-operations.ts';

/** UpdateNodegroupVersion: the nodes are replaced one after the other by such of the new version. */
async function updateVersion(environment: Environment, input: Record<string, any>) {
  const about = { clusterName: input['clusterName'] as string, nodegroupName: input['nodegroupName'] as string };
  const nodegroup = await getNodegroup(environment, about.clusterName, about.nodegroupName);
  const cluster = await getCluster(environment, about.clusterName);
  const phase = nodegroupPhase(nodegroup);
  if (phase !== 'ACTIVE' && phase !== 'DEGRADED') {
    throw inUse('Nodegroup cannot be updated as it is currently not in Active State', about);
  }
  if (input['launchTemplate']) {
    throw invalidRequest('You cannot specify a launch template because the node group was not created with one', about);
  }
  const clusterVersion = cluster.status?.observedVersion ?? cluster.spec.version;
  const version: string = input['version'] ?? clusterVersion;
  const image = nodeImageFor(minorOf(version), 'x86_64');
  if (!image || minorOf(version) > minorOf(clusterVersion)) {
    throw invalidParameter(
      `Nodegroup version ${version} must not be greater than cluster version ${clusterVersion}`,
      about,
    );
  }
  if (minorOf(version) < minorOf(nodegroup.spec.version)) {
    throw invalidParameter(
      `Nodegroup Kubernetes version ${nodegroup.spec.version} cannot be lowered to ${version}`,
      about,
    );
  }
  if (input['releaseVersion'] && input['releaseVersion'] !== image.releaseVersion) {
    throw invalidParameter(
      `Requested Nodegroup release version ${input['releaseVersion']} is invalid. Allowed release version is ${image.releaseVersion}`,
      about,
    );
  }
  Object.assign(nodegroup.spec, { version, releaseVersion: image.releaseVersion });
  const params = [
    { type: 'Version', value: version },
    { type: 'ReleaseVersion', value: image.releaseVersion },
  ];
  try {
    const [, made] = await environment.client.transact([
      { verb: 'update', object: nodegroup },
      { verb: 'create', object: newUpdate(environment, about, 'VersionUpdate', params, nodegroup) },
    ]);
    return { update: updateView(made as Update) };
  } catch (error) {
    throw isConflict(error)
      ? inUse('Nodegroup cannot be updated as it is currently not in Active State', about)
      : error;
  }
}

export function nodegroupVersionOperations(environment: Environment): Operations {
  return { UpdateNodegroupVersion: (input) => updateVersion(environment, input) };
}

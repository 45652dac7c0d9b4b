import type { Nodegroup } from '@keelson/model/region/object-types.ts';
import type { Place } from './cluster-view.ts';
import { nodegroupArn } from './names.ts';

export function nodegroupPhase(nodegroup: Nodegroup): string {
  if (nodegroup.metadata.deletionTimestamp && nodegroup.status?.phase !== 'DELETE_FAILED') return 'DELETING';
  const { metadata, status } = nodegroup;
  if (status?.phase === 'ACTIVE' && status.observedGeneration !== metadata.generation) return 'UPDATING';
  return status?.phase ?? 'CREATING';
}

/** The node group as DescribeNodegroup shows it. */
export function nodegroupView(nodegroup: Nodegroup, place: Place): Record<string, unknown> {
  const { metadata, spec, status } = nodegroup;
  const group = status?.autoScalingGroupName;
  return {
    nodegroupName: spec.nodegroupName,
    nodegroupArn: nodegroupArn(place.region, place.account, spec.clusterName, spec.nodegroupName, metadata.uid!),
    clusterName: spec.clusterName,
    version: spec.version,
    releaseVersion: spec.releaseVersion,
    createdAt: new Date(metadata.creationTimestamp!),
    modifiedAt: new Date(metadata.creationTimestamp!),
    status: nodegroupPhase(nodegroup),
    capacityType: spec.capacityType,
    scalingConfig: { minSize: spec.minSize, maxSize: spec.maxSize, desiredSize: spec.desiredSize },
    instanceTypes: spec.instanceTypes,
    subnets: spec.subnets,
    remoteAccess: spec.remoteAccess ? JSON.parse(spec.remoteAccess) : undefined,
    amiType: spec.amiType,
    nodeRole: spec.nodeRole,
    labels: spec.labels ?? {},
    taints: spec.taints?.length ? spec.taints : undefined,
    resources: group ? { autoScalingGroups: [{ name: group }] } : undefined,
    diskSize: spec.diskSize,
    health: { issues: status?.issues ?? [] },
    updateConfig:
      spec.maxUnavailablePercentage === undefined
        ? { maxUnavailable: spec.maxUnavailable ?? 1 }
        : { maxUnavailablePercentage: spec.maxUnavailablePercentage },
    nodeRepairConfig: spec.nodeRepairConfig ? JSON.parse(spec.nodeRepairConfig) : undefined,
    tags: spec.tags ?? {},
  };
}

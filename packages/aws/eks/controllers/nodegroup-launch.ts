import { autoScalingGroups } from '@keelson/client/region-resources/index.ts';
import { nodeImageFor } from '@keelson/model/region/images.ts';
import { instanceTypes } from '@keelson/model/region/instance-types.ts';
import { encodeNodeConfig } from '@keelson/model/region/node-config.ts';
import type { AutoScalingGroup, Cluster, Nodegroup } from '@keelson/model/region/object-types.ts';
import { newObject } from '../operations/environment.ts';
import { minorOf } from '../versions.ts';

/** Kubernetes' names of the effects that EKS writes in capitals. */
export const taintEffects: Readonly<Record<string, string>> = {
  NO_SCHEDULE: 'NoSchedule',
  NO_EXECUTE: 'NoExecute',
  PREFER_NO_SCHEDULE: 'PreferNoSchedule',
};

export const nodegroupLabel = 'eks.amazonaws.com/nodegroup';

/** `eks-workers-1a2b3c4d-…`: the name that EKS gives to a node group's Auto Scaling group. */
export function groupNameOf(nodegroup: Nodegroup): string {
  return `eks-${nodegroup.spec.nodegroupName}-${nodegroup.metadata.uid}`;
}

/** The instance profile that EKS makes for the node role. */
export function profileNameOf(nodegroup: Nodegroup): string {
  return `eks-${nodegroup.metadata.uid}`;
}

/** Taints as a node has them. */
export function nodeTaints(nodegroup: Nodegroup): { key: string; value?: string; effect: string }[] {
  return (nodegroup.spec.taints ?? []).map(({ key, value, effect }) => ({
    key,
    ...(value ? { value } : {}),
    effect: taintEffects[effect] ?? effect,
  }));
}

function imageFor(nodegroup: Nodegroup) {
  const architecture = instanceTypes.get(nodegroup.spec.instanceTypes[0]!)?.architecture ?? 'x86_64';
  return nodeImageFor(minorOf(nodegroup.spec.version), architecture)!;
}

/** The Auto Scaling group that the node group should have now. */
export function groupFor(nodegroup: Nodegroup, cluster: Cluster, account: string, finalizer: string): AutoScalingGroup {
  const { spec } = nodegroup;
  const image = imageFor(nodegroup);
  const clusterName = spec.clusterName;
  const userData = encodeNodeConfig({
    clusterName,
    apiServerEndpoint: cluster.status!.nodeEndpoint ?? cluster.status!.endpoint!,
    certificateAuthority: cluster.status!.certificateAuthorityData!,
    serviceCidr: cluster.spec.serviceIpv4Cidr,
    nodeLabels: {
      ...spec.labels,
      [nodegroupLabel]: spec.nodegroupName,
      'eks.amazonaws.com/nodegroup-image': image.imageId,
      'eks.amazonaws.com/capacityType': spec.capacityType,
    },
    taints: nodeTaints(nodegroup),
  });
  const tags = [
    { key: 'eks:cluster-name', value: clusterName },
    { key: 'eks:nodegroup-name', value: spec.nodegroupName },
    { key: `kubernetes.io/cluster/${clusterName}`, value: 'owned' },
    { key: `k8s.io/cluster-autoscaler/${clusterName}`, value: 'owned' },
    { key: 'k8s.io/cluster-autoscaler/enabled', value: 'true' },
  ];
  const group = newObject<AutoScalingGroup>(autoScalingGroups, groupNameOf(nodegroup), {
    minSize: spec.minSize,
    maxSize: spec.maxSize,
    desiredCapacity: spec.desiredSize,
    subnetIds: spec.subnets,
    launch: {
      imageId: image.imageId,
      instanceTypes: spec.instanceTypes,
      securityGroupIds: [cluster.status!.clusterSecurityGroupId!],
      iamInstanceProfile: `arn:aws:iam::${account}:instance-profile/${profileNameOf(nodegroup)}`,
      userData,
      lifecycle: spec.capacityType === 'SPOT' ? 'spot' : 'on-demand',
      tags,
    },
    tags,
  });
  group.metadata.finalizers = [finalizer];
  return group;
}

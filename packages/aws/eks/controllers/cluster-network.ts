import type { TransactionOperation } from '@keelson/client';
import { networkInterfaces, securityGroups } from '@keelson/client/region-resources/index.ts';
import type { Cluster, NetworkInterface, SecurityGroup, Subnet } from '@keelson/model/region/object-types.ts';
import { takeAddresses } from '@keelson/network';
import { derivedId } from '../names.ts';
import { newObject } from '../operations/environment.ts';

/** How many subnets get an interface of the control plane; EKS takes two to four. */
const interfaceCount = 2;

/** The id of the cluster's own security group: the same however often its making is tried. */
export function clusterSecurityGroupId(cluster: Cluster): string {
  return derivedId('sg', cluster.metadata.uid!, 'cluster');
}

/**
 * The security group that EKS makes for a cluster and its nodes: everything between its members, everything out
 * (EKS User Guide, "View Amazon EKS security group requirements for clusters").
 */
export function clusterSecurityGroup(cluster: Cluster, vpcId: string): SecurityGroup {
  const name = cluster.metadata.name!;
  const uid = cluster.metadata.uid!;
  const id = clusterSecurityGroupId(cluster);
  const groupName = `eks-cluster-sg-${name}-${Number.parseInt(uid.slice(0, 8), 16)}`;
  return newObject<SecurityGroup>(securityGroups, id, {
    vpcId,
    groupName,
    description:
      'EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads.',
    rules: [
      { id: derivedId('sgr', uid, 'in'), egress: false, protocol: '-1', referencedGroupId: id },
      { id: derivedId('sgr', uid, 'out'), egress: true, protocol: '-1', cidrIpv4: '0.0.0.0/0' },
    ],
    tags: [
      { key: 'Name', value: groupName },
      { key: `kubernetes.io/cluster/${name}`, value: 'owned' },
      { key: 'aws:eks:cluster-name', value: name },
    ],
  });
}

function macAddress(id: string): string {
  // Locally administered and unicast; the rest from the interface's id, so that it stays.
  const digits = id.slice(-10);
  return ['02', ...(digits.match(/../g) ?? [])].join(':');
}

function controlPlaneInterface(cluster: Cluster, subnet: Subnet, address: string): NetworkInterface {
  return newObject<NetworkInterface>(networkInterfaces, interfaceId(cluster, subnet), {
    vpcId: subnet.spec.vpcId,
    subnetId: subnet.metadata.name!,
    availabilityZone: subnet.spec.availabilityZone,
    description: `Amazon EKS ${cluster.metadata.name}`,
    interfaceType: 'interface',
    macAddress: macAddress(interfaceId(cluster, subnet)),
    privateIpAddress: address,
    secondaryPrivateIpAddresses: [],
    groupIds: [clusterSecurityGroupId(cluster), ...cluster.spec.securityGroupIds],
    sourceDestCheck: true,
    requesterId: 'amazon-eks',
    tags: [],
  });
}

export function interfaceId(cluster: Cluster, subnet: Subnet): string {
  return derivedId('eni', cluster.metadata.uid!, subnet.metadata.name!);
}

/** Which of the cluster's subnets get an interface: one of each zone, in the order given. */
export function interfaceSubnets(subnets: readonly Subnet[]): Subnet[] {
  const zones = new Set<string>();
  return subnets
    .filter(({ spec }) => !zones.has(spec.availabilityZone) && zones.add(spec.availabilityZone))
    .slice(0, interfaceCount);
}

/**
 * What makes the missing interfaces of the control plane; `full` names subnets that have no address left.
 * `interfaces` are all of the region's.
 */
export function planInterfaces(
  cluster: Cluster,
  subnets: readonly Subnet[],
  interfaces: readonly NetworkInterface[],
): { readonly operations: TransactionOperation[]; readonly full: string[] } {
  const present = new Set(interfaces.map((one) => one.metadata.name));
  const operations: TransactionOperation[] = [];
  const full: string[] = [];
  for (const subnet of interfaceSubnets(subnets)) {
    if (present.has(interfaceId(cluster, subnet))) continue;
    const taken = takeAddresses(subnet, interfaces, 1);
    if (taken === undefined) {
      full.push(subnet.metadata.name!);
      continue;
    }
    operations.push(
      { verb: 'update', object: taken.subnet },
      { verb: 'create', object: controlPlaneInterface(cluster, subnet, taken.addresses[0]!) },
    );
  }
  return { operations, full };
}

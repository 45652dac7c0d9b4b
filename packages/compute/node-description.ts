import { createHash } from 'node:crypto';
import type { NodeDescription } from '@keelson/kubelet';
import type { Taint } from '@keelson/model/generated/types/core-v1.ts';
import type { InstancePlan } from './instance-driver.ts';
import { nodeCapacity } from './node-capacity.ts';

/** What differs between drivers. */
export interface NodeSystem {
  readonly kernelVersion: string;
  readonly osImage: string;
  /** The port of the kubelet's server. */
  readonly port: number;
  readonly diskGiB: number;
}

/** A node waits with this taint until the cloud has completed it (kubelet's --cloud-provider=external). */
const uninitialized: Taint = {
  key: 'node.cloudprovider.kubernetes.io/uninitialized',
  value: 'true',
  effect: 'NoSchedule',
};

function stableId(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** What the kubelet of an instance says of its node. `bootId` is another after each start of the machine. */
export function describeNode(plan: InstancePlan, region: string, system: NodeSystem, bootId: string): NodeDescription {
  const { instance, type, image, node } = plan;
  const { spec, metadata } = instance;
  const architecture = type.architecture === 'arm64' ? 'arm64' : 'amd64';
  const { capacity, allocatable } = nodeCapacity(type, system.diskGiB, node?.maxPods);
  const taints = (node?.taints ?? []).map(
    ({ key, value, effect }) => ({ key, ...(value ? { value } : {}), effect }) as Taint,
  );
  return {
    name: spec.privateDnsName,
    labels: {
      'kubernetes.io/arch': architecture,
      'kubernetes.io/os': 'linux',
      'beta.kubernetes.io/arch': architecture,
      'beta.kubernetes.io/os': 'linux',
      'kubernetes.io/hostname': spec.privateDnsName,
      'node.kubernetes.io/instance-type': spec.instanceType,
      'beta.kubernetes.io/instance-type': spec.instanceType,
      'topology.kubernetes.io/zone': spec.availabilityZone,
      'topology.kubernetes.io/region': region,
      'failure-domain.beta.kubernetes.io/zone': spec.availabilityZone,
      'failure-domain.beta.kubernetes.io/region': region,
      ...node?.nodeLabels,
    },
    taints: [uninitialized, ...taints],
    providerID: `aws:///${spec.availabilityZone}/${metadata.name}`,
    addresses: [
      { type: 'InternalIP', address: spec.privateIpAddress },
      { type: 'InternalDNS', address: spec.privateDnsName },
      { type: 'Hostname', address: spec.privateDnsName },
    ],
    capacity,
    allocatable,
    info: {
      machineID: `ec2${stableId(metadata.name!).slice(3)}`,
      systemUUID: asUuid(stableId(metadata.uid ?? metadata.name!)),
      bootID: bootId,
      kernelVersion: system.kernelVersion,
      osImage: system.osImage,
      kubeletVersion: image?.kubeletVersion ?? 'v0.0.0',
      operatingSystem: 'linux',
      architecture,
    },
    port: system.port,
  };
}

function asUuid(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

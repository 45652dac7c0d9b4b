import { createHash } from 'node:crypto';
import type { NodeDescription } from '@keelson/kubelet';
import type { Taint } from '@keelson/model/generated/types/core-v1.ts';
import type { InstanceType } from '@keelson/model/region/instance-types.ts';
import type { NodeConfig } from '@keelson/model/region/node-config.ts';
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

/** What a node is told of the instance that it is, by the region's objects or by instance metadata. */
export interface NodeFacts {
  readonly instanceId: string;
  readonly type: InstanceType;
  readonly privateDnsName: string;
  readonly privateIpAddress: string;
  readonly availabilityZone: string;
  readonly region: string;
  /** Of the kubelet in its image: `v1.35.3-eks-7f9249a`. */
  readonly kubeletVersion: string;
  readonly config: NodeConfig | undefined;
}

/** The facts of an instance by its plan. */
export function factsOf({ instance, type, image, node }: InstancePlan, region: string): NodeFacts {
  const { privateDnsName, privateIpAddress, availabilityZone } = instance.spec;
  const kubeletVersion = image?.kubeletVersion ?? 'v0.0.0';
  const instanceId = instance.metadata.name!;
  return { instanceId, type, privateDnsName, privateIpAddress, availabilityZone, region, kubeletVersion, config: node };
}

/** What the kubelet of an instance says of its node. `bootId` is another after each start of the machine. */
export function describeNode(facts: NodeFacts, system: NodeSystem, bootId: string): NodeDescription {
  const { type, privateDnsName, availabilityZone, region, config } = facts;
  const architecture = type.architecture === 'arm64' ? 'arm64' : 'amd64';
  const { capacity, allocatable } = nodeCapacity(type, system.diskGiB, config?.maxPods);
  const taints = (config?.taints ?? []).map(
    ({ key, value, effect }) => ({ key, ...(value ? { value } : {}), effect }) as Taint,
  );
  const id = stableId(facts.instanceId);
  return {
    name: privateDnsName,
    labels: {
      'kubernetes.io/arch': architecture,
      'kubernetes.io/os': 'linux',
      'beta.kubernetes.io/arch': architecture,
      'beta.kubernetes.io/os': 'linux',
      'kubernetes.io/hostname': privateDnsName,
      'node.kubernetes.io/instance-type': type.name,
      'beta.kubernetes.io/instance-type': type.name,
      'topology.kubernetes.io/zone': availabilityZone,
      'topology.kubernetes.io/region': region,
      'failure-domain.beta.kubernetes.io/zone': availabilityZone,
      'failure-domain.beta.kubernetes.io/region': region,
      ...config?.nodeLabels,
    },
    taints: [uninitialized, ...taints],
    providerID: `aws:///${availabilityZone}/${facts.instanceId}`,
    addresses: [
      { type: 'InternalIP', address: facts.privateIpAddress },
      { type: 'InternalDNS', address: privateDnsName },
      { type: 'Hostname', address: privateDnsName },
    ],
    capacity,
    allocatable,
    info: {
      machineID: `ec2${id.slice(3)}`,
      systemUUID: asUuid(`ec2${id.slice(3)}`),
      bootID: bootId,
      kernelVersion: system.kernelVersion,
      osImage: system.osImage,
      kubeletVersion: facts.kubeletVersion,
      operatingSystem: 'linux',
      architecture,
    },
    port: system.port,
  };
}

function asUuid(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

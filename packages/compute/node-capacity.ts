import type { InstanceType } from '@keelson/model/region/instance-types.ts';

/** A node's resources as quantities. */
export interface NodeCapacity {
  readonly capacity: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
}

/** How many pods a node takes with an address each: EKS' formula for the VPC CNI without prefixes. */
export function maxPods(type: InstanceType): number {
  return type.networkInterfaces * (type.addressesPerInterface - 1) + 2;
}

/** Of a type's memory, what its kernel leaves visible: about 94 %. */
const visibleMemory = 0.94;
const evictionMiB = 100;

/** Millicores that the node image reserves: 6 % of the first core, 1 % of the next, ½ % of two more, ¼ % of the rest. */
export function reservedMillicores(vcpus: number): number {
  const shares = [60, 10, 5, 5];
  let reserved = 0;
  for (let core = 0; core < vcpus; core++) reserved += shares[core] ?? 2.5;
  return Math.floor(reserved);
}

/** What a node of this type has, and what it leaves to pods, as the EKS node images configure their kubelet. */
export function nodeCapacity(type: InstanceType, diskGiB: number, podLimit = maxPods(type)): NodeCapacity {
  const memoryKi = Math.floor(type.memoryMiB * 1024 * visibleMemory);
  const reservedMiB = 255 + 11 * podLimit + evictionMiB;
  const diskKi = diskGiB * 1024 * 1024;
  const storage = { 'ephemeral-storage': `${diskKi}Ki` };
  const huge = { 'hugepages-1Gi': '0', 'hugepages-2Mi': '0' };
  return {
    capacity: { cpu: String(type.vcpus), memory: `${memoryKi}Ki`, pods: String(podLimit), ...storage, ...huge },
    allocatable: {
      cpu: `${type.vcpus * 1000 - reservedMillicores(type.vcpus)}m`,
      memory: `${Math.max(memoryKi - reservedMiB * 1024, 0)}Ki`,
      pods: String(podLimit),
      // 10 % is the kubelet's hard eviction threshold, and a gibibyte is reserved for the system.
      'ephemeral-storage': String(Math.floor(diskKi * 1024 * 0.9) - 1024 ** 3),
      ...huge,
    },
  };
}

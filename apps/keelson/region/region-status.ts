import { readFileSync } from 'node:fs';
import {
  autoScalingGroups,
  clusters,
  controlPlanes,
  instances,
  loadBalancers,
  nodegroups,
} from '@keelson/client/region-resources/index.ts';
import type { DataDirectory, RegionIdentity } from '../data-directory.ts';
import { runningProcess } from '../process/process-file.ts';
import type { Region } from './region.ts';

/** What `keelson status -o json` prints. Memory is in bytes: the resident set of the process. */
export interface RegionStatus {
  readonly region: string;
  readonly account: string;
  readonly frontDoor: string;
  readonly data: string;
  readonly compute: string;
  readonly memory: number;
  readonly clusters: readonly ClusterStatus[];
  readonly instances: readonly {
    readonly id: string;
    readonly type: string;
    readonly zone: string;
    readonly state: string;
    readonly name: string;
  }[];
  readonly loadBalancers: readonly {
    readonly name: string;
    readonly state: string;
    readonly address: string;
    readonly forwards: boolean;
  }[];
  /** What is not as it should be, and why. */
  readonly degraded: readonly string[];
}

export interface ClusterStatus {
  readonly name: string;
  readonly version: string;
  readonly status: string;
  readonly endpoint: string;
  readonly memory: number;
  readonly nodeGroups: readonly {
    readonly name: string;
    readonly status: string;
    readonly desired: number;
    readonly running: number;
  }[];
}

/** The resident set of a process in bytes; 0 when there is none such. */
function residentSet(pid: number | undefined): number {
  if (pid === undefined) return 0;
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** How the region stands now. */
export async function regionStatus(
  region: Region,
  directory: DataDirectory,
  identity: RegionIdentity,
): Promise<RegionStatus> {
  const { client } = region;
  const [allClusters, planes, groups, autoScaling, machines, balancers] = await Promise.all([
    client.resource(clusters).list(),
    client.resource(controlPlanes).list(),
    client.resource(nodegroups).list(),
    client.resource(autoScalingGroups).list(),
    client.resource(instances).list(),
    client.resource(loadBalancers).list(),
  ]);
  const degraded: string[] = [];
  for (const { metadata, status } of planes.items)
    if (status?.message) degraded.push(`control plane of ${metadata.name}: ${status.message}`);
  for (const { metadata, status } of machines.items)
    if (status?.message) degraded.push(`instance ${metadata.name}: ${status.message}`);
  for (const { metadata, status } of [...allClusters.items, ...groups.items]) {
    for (const issue of status?.issues ?? []) degraded.push(`${metadata.name}: ${issue.code}: ${issue.message}`);
  }
  const states = new Map(autoScaling.items.map((group) => [group.metadata.name, group.status?.instances ?? []]));
  return {
    region: identity.region,
    account: identity.account,
    frontDoor: `http://127.0.0.1:${identity.port}`,
    data: directory.path,
    compute: identity.compute,
    memory: process.memoryUsage().rss,
    clusters: allClusters.items.map(({ metadata, spec, status }) => ({
      name: metadata.name!,
      version: status?.observedVersion ?? spec.version,
      status: metadata.deletionTimestamp ? 'DELETING' : (status?.phase ?? 'CREATING'),
      endpoint: status?.endpoint ?? '',
      memory: residentSet(runningProcess(directory.cluster(metadata.name!).processFile)),
      nodeGroups: groups.items
        .filter((group) => group.spec.clusterName === metadata.name)
        .map((group) => ({
          name: group.spec.nodegroupName,
          status: group.metadata.deletionTimestamp ? 'DELETING' : (group.status?.phase ?? 'CREATING'),
          desired: group.spec.desiredSize,
          running: (states.get(group.status?.autoScalingGroupName ?? '') ?? []).filter(
            (one) => one.lifecycleState === 'InService',
          ).length,
        })),
    })),
    instances: machines.items
      .filter((one) => one.status?.state !== 'terminated')
      .map(({ metadata, spec, status }) => ({
        id: metadata.name!,
        type: spec.instanceType,
        zone: spec.availabilityZone,
        state: status?.state ?? 'pending',
        name: spec.privateDnsName,
      })),
    loadBalancers: balancers.items.map(({ metadata, status }) => ({
      name: metadata.name!,
      state: status?.state ?? 'provisioning',
      address: status?.hostAddress ?? '',
      forwards: status?.forwards ?? false,
    })),
    degraded,
  };
}

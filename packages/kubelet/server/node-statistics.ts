import { rfc3339 } from '@keelson/base';
import type { ContainerStats } from '../runtime.ts';

interface PodUsage {
  readonly first: ContainerStats;
  readonly containers: ContainerStats[];
}

function byPod(stats: readonly ContainerStats[]): PodUsage[] {
  const pods = new Map<string, PodUsage>();
  for (const one of stats) {
    const known = pods.get(one.pod.uid);
    if (known === undefined) pods.set(one.pod.uid, { first: one, containers: [one] });
    else known.containers.push(one);
  }
  return [...pods.values()];
}

function sum(stats: readonly ContainerStats[]): { readonly cpu: bigint; readonly memory: number } {
  return stats.reduce(
    (total, one) => ({ cpu: total.cpu + one.cpuNanoseconds, memory: total.memory + one.memoryWorkingSet }),
    { cpu: 0n, memory: 0 },
  );
}

/** The document of /stats/summary (k8s.io/kubelet stats/v1alpha1 Summary), as far as the runtime tells. `now` in milliseconds. */
export function statsSummary(nodeName: string, stats: readonly ContainerStats[], now: number): object {
  const usage = (some: readonly ContainerStats[]) => {
    const { cpu, memory } = sum(some);
    const time = rfc3339(some[0]?.time ?? now);
    return { cpu: { time, usageCoreNanoSeconds: Number(cpu) }, memory: { time, workingSetBytes: memory } };
  };
  return {
    node: { nodeName, startTime: rfc3339(now), ...usage(stats) },
    pods: byPod(stats).map(({ first, containers }) => ({
      podRef: { name: first.pod.name, namespace: first.pod.namespace, uid: first.pod.uid },
      containers: containers.map((one) => ({
        name: one.container,
        ...usage([one]),
        rootfs: { time: rfc3339(one.time), usedBytes: one.filesystemBytes },
      })),
      ...usage(containers),
    })),
  };
}

/** The text of /metrics/resource: what metrics-server reads. */
export function resourceMetrics(stats: readonly ContainerStats[]): string {
  const lines: string[] = [];
  const family = (name: string, help: string, type: string, samples: readonly string[]) => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples);
  };
  const labels = ({ container, pod }: ContainerStats) =>
    `{container="${container}",namespace="${pod.namespace}",pod="${pod.name}"}`;
  const podLabels = ({ pod }: ContainerStats) => `{namespace="${pod.namespace}",pod="${pod.name}"}`;
  const seconds = (nanoseconds: bigint) => Number(nanoseconds) / 1e9;
  const pods = byPod(stats);
  const node = sum(stats);
  const time = Math.max(0, ...stats.map((one) => one.time));
  family(
    'container_cpu_usage_seconds_total',
    '[STABLE] Cumulative cpu time consumed by the container in core-seconds',
    'counter',
    stats.map((one) => `container_cpu_usage_seconds_total${labels(one)} ${seconds(one.cpuNanoseconds)} ${one.time}`),
  );
  family(
    'container_memory_working_set_bytes',
    '[STABLE] Current working set of the container in bytes',
    'gauge',
    stats.map((one) => `container_memory_working_set_bytes${labels(one)} ${one.memoryWorkingSet} ${one.time}`),
  );
  family(
    'node_cpu_usage_seconds_total',
    '[STABLE] Cumulative cpu time consumed by the node in core-seconds',
    'counter',
    [`node_cpu_usage_seconds_total ${seconds(node.cpu)} ${time}`],
  );
  family('node_memory_working_set_bytes', '[STABLE] Current working set of the node in bytes', 'gauge', [
    `node_memory_working_set_bytes ${node.memory} ${time}`,
  ]);
  family(
    'pod_cpu_usage_seconds_total',
    '[STABLE] Cumulative cpu time consumed by the pod in core-seconds',
    'counter',
    pods.map(
      ({ first, containers }) =>
        `pod_cpu_usage_seconds_total${podLabels(first)} ${seconds(sum(containers).cpu)} ${first.time}`,
    ),
  );
  family(
    'pod_memory_working_set_bytes',
    '[STABLE] Current working set of the pod in bytes',
    'gauge',
    pods.map(
      ({ first, containers }) =>
        `pod_memory_working_set_bytes${podLabels(first)} ${sum(containers).memory} ${first.time}`,
    ),
  );
  return `${lines.join('\n')}\n`;
}

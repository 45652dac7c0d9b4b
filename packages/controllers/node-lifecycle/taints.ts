import type { Node, Taint } from '@keelson/model/generated/types/core-v1.ts';

export const notReadyTaint = 'node.kubernetes.io/not-ready';
export const unreachableTaint = 'node.kubernetes.io/unreachable';
const unschedulableTaint = 'node.kubernetes.io/unschedulable';

/** Condition to what it taints with when it has that status. */
const byCondition: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: notReadyTaint, Unknown: unreachableTaint },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
};

const ours = new Set([
  unschedulableTaint,
  ...Object.values(byCondition).flatMap((statuses) => Object.values(statuses)),
]);

/** The status of the condition Ready; undefined before a kubelet has reported. */
export function readiness(node: Node): string | undefined {
  return node.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
}

/** The NoExecute taint that the node's readiness calls for; undefined for a ready node. */
export function evictionTaint(node: Node): string | undefined {
  const status = readiness(node);
  return status === undefined ? undefined : byCondition['Ready']?.[status];
}

/** True when the node has the NoExecute taint of its readiness. */
export function hasEvictionTaint(node: Node): boolean {
  const key = evictionTaint(node);
  return (node.spec?.taints ?? []).some((taint) => taint.key === key && taint.effect === 'NoExecute');
}

/**
 * The taints that the node should have. Those that keep pods away follow its conditions at once; the one that drives
 * them off is taken away or exchanged at once too, but a new one only when `mayEvict` says so. `now` is RFC 3339.
 */
export function wantedTaints(node: Node, mayEvict: boolean, now: string): Taint[] {
  const present = node.spec?.taints ?? [];
  const noSchedule = new Set<string>();
  for (const { type, status } of node.status?.conditions ?? []) {
    const key = byCondition[type]?.[status];
    if (key !== undefined) noSchedule.add(key);
  }
  if (node.spec?.unschedulable) noSchedule.add(unschedulableTaint);
  const evicting = evictionTaint(node);
  const driving = (taint: Taint) =>
    taint.effect === 'NoExecute' && (taint.key === notReadyTaint || taint.key === unreachableTaint);
  const wasDriving = present.find(driving);
  const kept = present.filter((taint) => {
    if (driving(taint)) return taint.key === evicting;
    return taint.effect !== 'NoSchedule' || !ours.has(taint.key) || noSchedule.has(taint.key);
  });
  const wanted = [...kept];
  for (const key of noSchedule)
    if (!kept.some((taint) => taint.key === key && taint.effect === 'NoSchedule'))
      wanted.push({ key, effect: 'NoSchedule', timeAdded: now });
  if (evicting !== undefined && !kept.some(driving) && (mayEvict || wasDriving !== undefined))
    wanted.push({ key: evicting, effect: 'NoExecute', timeAdded: now });
  return wanted;
}

/** True when both lists hold the same taints; times do not count. */
export function sameTaints(left: readonly Taint[], right: readonly Taint[]): boolean {
  const text = (taints: readonly Taint[]) =>
    taints
      .map(({ key, value, effect }) => `${key}=${value ?? ''}:${effect}`)
      .sort()
      .join();
  return text(left) === text(right);
}

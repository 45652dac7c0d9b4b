import { isPodActive, isPodAvailable, isPodReady } from '@keelson/controller-kit';
import type { DaemonSetStatus } from '@keelson/model/generated/types/apps-v1.ts';
import { placementOn } from './placement.ts';
import { byAge, type DaemonView, isUpdated } from './plan.ts';

/** The counts of a DaemonSet; on a node with several pods the oldest counts. */
export function daemonSetStatus(view: DaemonView): DaemonSetStatus {
  const { daemonSet, now, hash } = view;
  const counts = { desired: 0, current: 0, misscheduled: 0, ready: 0, updated: 0, available: 0 };
  for (const node of view.nodes) {
    const pods = (view.pods.get(node.metadata!.name!) ?? []).filter((pod) => pod.spec?.nodeName || isPodActive(pod));
    const { run } = placementOn(node, daemonSet.spec!.template.spec!);
    if (!run) {
      if (pods.length > 0) counts.misscheduled++;
      continue;
    }
    counts.desired++;
    const oldest = pods.toSorted(
      (left, right) => Number(isPodReady(right)) - Number(isPodReady(left)) || byAge(left, right),
    )[0];
    if (oldest === undefined) continue;
    counts.current++;
    if (isPodReady(oldest)) counts.ready++;
    if (isPodAvailable(oldest, daemonSet.spec?.minReadySeconds ?? 0, now)) counts.available++;
    if (isUpdated(oldest, hash)) counts.updated++;
  }
  const collisionCount = daemonSet.status?.collisionCount;
  return {
    observedGeneration: daemonSet.metadata?.generation ?? 0,
    desiredNumberScheduled: counts.desired,
    currentNumberScheduled: counts.current,
    numberMisscheduled: counts.misscheduled,
    numberReady: counts.ready,
    updatedNumberScheduled: counts.updated,
    numberAvailable: counts.available,
    numberUnavailable: counts.desired - counts.available,
    ...(collisionCount !== undefined && { collisionCount }),
  };
}

/** True when both say the same; an absent number is 0. */
export function sameStatus(left: DaemonSetStatus | undefined, right: DaemonSetStatus): boolean {
  if (left === undefined) return false;
  const numbers = [
    'observedGeneration',
    'desiredNumberScheduled',
    'currentNumberScheduled',
    'numberMisscheduled',
    'numberReady',
    'updatedNumberScheduled',
    'numberAvailable',
    'numberUnavailable',
    'collisionCount',
  ] as const;
  return numbers.every((name) => (left[name] ?? 0) === (right[name] ?? 0));
}

import type { Pod, Taint, Toleration } from '@keelson/model/generated/types/core-v1.ts';

/** True when the toleration covers the taint (core/v1 Toleration). */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  if (!toleration.key) return false;
  return (toleration.value ?? '') === (taint.value ?? '');
}

/**
 * When a pod has to leave a node with these taints, in milliseconds since 1970: undefined for never, `now` or earlier
 * for at once. Counted from when the taint came or the pod did, whichever was later, so that a restart of ours changes
 * nothing.
 */
export function evictionTime(pod: Pod, taints: readonly Taint[], now: number): number | undefined {
  const arrived = Date.parse(pod.status?.startTime ?? pod.metadata?.creationTimestamp ?? '') || 0;
  let soonest: number | undefined;
  for (const taint of taints.filter(({ effect }) => effect === 'NoExecute')) {
    const covering = (pod.spec?.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
    if (covering.length === 0) return now;
    const bounded = covering.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? []);
    if (bounded.length === 0) continue;
    const began = Math.max(Date.parse(taint.timeAdded ?? '') || now, arrived);
    const due = began + Math.max(Math.min(...bounded), 0) * 1000;
    soonest = Math.min(soonest ?? due, due);
  }
  return soonest;
}

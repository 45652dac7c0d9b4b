import type { Deployment, ReplicaSet } from '@keelson/model/generated/types/apps-v1.ts';
import { desiredReplicasAnnotation, maxReplicasAnnotation } from './annotations.ts';
import { maxSurge, specReplicas, totalSpecReplicas, wantedReplicas } from './replicas.ts';
import { byAge } from './revisions.ts';
import type { Scaling } from './rolling.ts';

function numberIn(replicaSet: ReplicaSet, annotation: string): number | undefined {
  const text = replicaSet.metadata?.annotations?.[annotation];
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** True when spec.replicas has changed since the ReplicaSets that have pods were last scaled. */
export function isScalingEvent(deployment: Deployment, all: readonly ReplicaSet[]): boolean {
  return all.some((replicaSet) => {
    const desired = numberIn(replicaSet, desiredReplicasAnnotation);
    return specReplicas(replicaSet) > 0 && desired !== undefined && desired !== wantedReplicas(deployment);
  });
}

/**
 * What each ReplicaSet should want after a change of spec.replicas alone: the only active one everything; the rest of a
 * finished rollout nothing; and in the middle of a rollout each its share of the change.
 */
export function scalings(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Scaling[] {
  const all = newest === undefined ? [...old] : [...old, newest];
  const active = all.filter((replicaSet) => specReplicas(replicaSet) > 0);
  const wanted = wantedReplicas(deployment);
  if (active.length <= 1) {
    const only = active[0] ?? newest ?? old.toSorted(byAge).at(-1);
    return only === undefined ? [] : [{ replicaSet: only, replicas: wanted }];
  }
  if (isSaturated(deployment, newest))
    return active.filter((replicaSet) => replicaSet !== newest).map((replicaSet) => ({ replicaSet, replicas: 0 }));
  return deployment.spec?.strategy?.type === 'RollingUpdate' ? proportional(deployment, active) : [];
}

function isSaturated(deployment: Deployment, newest: ReplicaSet | undefined): boolean {
  if (newest === undefined) return false;
  const wanted = wantedReplicas(deployment);
  return (
    numberIn(newest, desiredReplicasAnnotation) === wanted &&
    specReplicas(newest) === wanted &&
    (newest.status?.availableReplicas ?? 0) === wanted
  );
}

function proportional(deployment: Deployment, active: readonly ReplicaSet[]): Scaling[] {
  const wanted = wantedReplicas(deployment);
  const allowed = wanted > 0 ? wanted + maxSurge(deployment) : 0;
  const toAdd = allowed - totalSpecReplicas(active);
  // The largest first; of equals the newest when growing, the oldest when shrinking.
  const sorted = active.toSorted(
    (left, right) => specReplicas(right) - specReplicas(left) || (toAdd > 0 ? byAge(right, left) : byAge(left, right)),
  );
  let added = 0;
  const sizes = sorted.map((replicaSet) => {
    const rest = toAdd - added;
    const share = rest === 0 ? 0 : fraction(deployment, replicaSet);
    const step = toAdd > 0 ? Math.min(share, rest) : Math.max(share, rest);
    added += toAdd === 0 ? 0 : step;
    return specReplicas(replicaSet) + (toAdd === 0 ? 0 : step);
  });
  sizes[0] = Math.max(sizes[0]! + toAdd - added, 0);
  return sorted.map((replicaSet, index) => ({ replicaSet, replicas: sizes[index]! }));
}

/** How much this ReplicaSet would grow if everything grew evenly. */
function fraction(deployment: Deployment, replicaSet: ReplicaSet): number {
  if (wantedReplicas(deployment) === 0) return -specReplicas(replicaSet);
  const size = wantedReplicas(deployment) + maxSurge(deployment);
  const before = numberIn(replicaSet, maxReplicasAnnotation) ?? deployment.status?.replicas ?? 0;
  if (before === 0) return 0;
  return Math.round((specReplicas(replicaSet) * size) / before) - specReplicas(replicaSet);
}

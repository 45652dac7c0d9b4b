import type { Deployment, ReplicaSet } from '@keelson/model/generated/types/apps-v1.ts';
import {
  maxSurge,
  maxUnavailable,
  specReplicas,
  totalAvailable,
  totalSpecReplicas,
  wantedReplicas,
} from './replicas.ts';
import { byAge } from './revisions.ts';

/** How many pods a ReplicaSet should want from now on. */
export interface Scaling {
  readonly replicaSet: ReplicaSet;
  readonly replicas: number;
}

/** What the newest ReplicaSet may want, with `all` there are; for one that is yet to be made it wants 0 so far. */
export function newestReplicas(deployment: Deployment, all: readonly ReplicaSet[], current: number): number {
  const wanted = wantedReplicas(deployment);
  if (deployment.spec?.strategy?.type !== 'RollingUpdate' || current >= wanted) return wanted;
  const room = wanted + maxSurge(deployment) - totalSpecReplicas(all);
  return room <= 0 ? current : current + Math.min(room, wanted - current);
}

/**
 * The next steps down of the old ReplicaSets in a rolling update: first pods that are not available anyway, then as many
 * of the others as leaves enough available. Empty when nothing may go yet.
 */
export function oldScalings(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Scaling[] {
  const active = old.filter((replicaSet) => specReplicas(replicaSet) > 0).toSorted(byAge);
  if (active.length === 0) return [];
  const everything = newest === undefined ? old : [...old, newest];
  const least = wantedReplicas(deployment) - maxUnavailable(deployment);
  const newUnavailable = newest ? specReplicas(newest) - (newest.status?.availableReplicas ?? 0) : 0;
  const room = totalSpecReplicas(everything) - least - newUnavailable;
  if (room <= 0) return [];
  const sizes = new Map(active.map((replicaSet) => [replicaSet, specReplicas(replicaSet)]));
  let unhealthy = room;
  for (const replicaSet of active) {
    const step = Math.min(unhealthy, specReplicas(replicaSet) - (replicaSet.status?.availableReplicas ?? 0));
    if (step <= 0) continue;
    sizes.set(replicaSet, sizes.get(replicaSet)! - step);
    unhealthy -= step;
  }
  let healthy = totalAvailable(everything) - least;
  for (const replicaSet of active) {
    const step = Math.min(healthy, sizes.get(replicaSet)!);
    if (step <= 0) continue;
    sizes.set(replicaSet, sizes.get(replicaSet)! - step);
    healthy -= step;
  }
  return [...sizes]
    .filter(([replicaSet, replicas]) => replicas !== specReplicas(replicaSet))
    .map(([replicaSet, replicas]) => ({ replicaSet, replicas }));
}

import { isPodAvailable, isPodReady } from '@keelson/controller-kit';
import type { StatefulSet, StatefulSetStatus } from '@keelson/model/generated/types/apps-v1.ts';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { replicasOf, revisionLabel } from './pods.ts';

/** The revisions of a set, by name. */
export interface Revisions {
  readonly current: string;
  readonly update: string;
  readonly collisionCount: number;
}

/** The status that the pods give a StatefulSet; `now` is milliseconds since 1970. A rollout that is done is told as such. */
export function statefulSetStatus(
  set: StatefulSet,
  pods: readonly Pod[],
  { current, update, collisionCount }: Revisions,
  now: number,
): StatefulSetStatus {
  // A pod that no server has given a phase is not there yet.
  const created = pods.filter((pod) => pod.status?.phase !== undefined);
  const ready = created.filter((pod) => pod.status!.phase === 'Running' && isPodReady(pod));
  const available = ready.filter((pod) => isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, now));
  const staying = created.filter((pod) => pod.metadata?.deletionTimestamp === undefined);
  const of = (revision: string) => staying.filter((pod) => pod.metadata?.labels?.[revisionLabel] === revision).length;
  const status: StatefulSetStatus = {
    observedGeneration: set.metadata?.generation ?? 0,
    replicas: created.length,
    readyReplicas: ready.length,
    availableReplicas: available.length,
    currentReplicas: of(current),
    updatedReplicas: of(update),
    currentRevision: current,
    updateRevision: update,
    collisionCount,
    ...(set.status?.conditions && { conditions: set.status.conditions }),
  };
  const wanted = replicasOf(set);
  const done = [status.updatedReplicas, status.readyReplicas, status.replicas].every((count) => count === wanted);
  if (!done || set.spec?.updateStrategy?.type !== 'RollingUpdate') return status;
  return { ...status, currentReplicas: status.updatedReplicas!, currentRevision: update };
}

/** True when both say the same; an absent number is 0. */
export function sameStatus(left: StatefulSetStatus | undefined, right: StatefulSetStatus): boolean {
  if (left === undefined) return false;
  const numbers = [
    'observedGeneration',
    'replicas',
    'readyReplicas',
    'availableReplicas',
    'currentReplicas',
    'updatedReplicas',
    'collisionCount',
  ] as const;
  const names = ['currentRevision', 'updateRevision'] as const;
  return (
    numbers.every((name) => (left[name] ?? 0) === (right[name] ?? 0)) &&
    names.every((name) => left[name] === right[name])
  );
}

import type { Deployment, DeploymentStatus, ReplicaSet } from '@keelson/model/generated/types/apps-v1.ts';
import { makeCondition, removeCondition, setCondition } from './conditions.ts';
import { maxUnavailable, totalAvailable, totalSpecReplicas, wantedReplicas } from './replicas.ts';

/** The counts and the condition Available that the ReplicaSets give a deployment; `now` is milliseconds since 1970. */
export function countedStatus(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  all: readonly ReplicaSet[],
  now: number,
): DeploymentStatus {
  const available = totalAvailable(all);
  const sum = (of: (replicaSet: ReplicaSet) => number | undefined) =>
    all.reduce((total, replicaSet) => total + (of(replicaSet) ?? 0), 0);
  const enough = available >= wantedReplicas(deployment) - maxUnavailable(deployment);
  const conditions = setCondition(
    deployment.status?.conditions ?? [],
    enough
      ? makeCondition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.', now)
      : makeCondition(
          'Available',
          'False',
          'MinimumReplicasUnavailable',
          'Deployment does not have minimum availability.',
          now,
        ),
  );
  const collisionCount = deployment.status?.collisionCount;
  return {
    observedGeneration: deployment.metadata?.generation ?? 0,
    replicas: sum((replicaSet) => replicaSet.status?.replicas),
    updatedReplicas: newest?.status?.replicas ?? 0,
    readyReplicas: sum((replicaSet) => replicaSet.status?.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(totalSpecReplicas(all) - available, 0),
    conditions: [...conditions],
    ...(collisionCount !== undefined && { collisionCount }),
  };
}

/** `status` with the ReplicaFailure condition of the ReplicaSets, the newest's before the others'. */
export function withReplicaFailure(
  status: DeploymentStatus,
  newest: ReplicaSet | undefined,
  all: readonly ReplicaSet[],
): DeploymentStatus {
  const failures = (replicaSet: ReplicaSet | undefined) =>
    (replicaSet?.status?.conditions ?? []).filter(({ type }) => type === 'ReplicaFailure');
  const failure = failures(newest)[0] ?? all.flatMap(failures)[0];
  const conditions = status.conditions ?? [];
  if (failure === undefined) return { ...status, conditions: [...removeCondition(conditions, 'ReplicaFailure')] };
  const { type, status: value, reason, message, lastTransitionTime } = failure;
  const condition = { type, status: value, reason, message, lastTransitionTime, lastUpdateTime: lastTransitionTime };
  return { ...status, conditions: [...setCondition(conditions, condition)] };
}

/** True when both say the same; an absent number is 0, and the order of conditions says nothing. */
export function sameStatus(left: DeploymentStatus | undefined, right: DeploymentStatus): boolean {
  const numbers = [
    'observedGeneration',
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'unavailableReplicas',
    'collisionCount',
  ] as const;
  if (left === undefined || numbers.some((name) => (left[name] ?? 0) !== (right[name] ?? 0))) return false;
  const text = (status: DeploymentStatus) =>
    JSON.stringify(
      (status.conditions ?? [])
        .map(({ type, status: value, reason, message, lastUpdateTime, lastTransitionTime }) =>
          [type, value, reason, message, lastUpdateTime, lastTransitionTime].join('\0'),
        )
        .sort(),
    );
  return text(left) === text(right);
}

import { rfc3339 } from '@keelson/base';
import { conditionOf } from '@keelson/controller-kit';
import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '@keelson/model/generated/types/apps-v1.ts';
import { wantedReplicas } from './replicas.ts';

export type Conditions = readonly DeploymentCondition[];

const neverMilliseconds = 2 ** 31 - 1;

/** False when the user does not want to hear of rollouts that take too long. */
export function hasProgressDeadline(deployment: Deployment): boolean {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== neverMilliseconds;
}

export function makeCondition(
  type: string,
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
  now: number,
): DeploymentCondition {
  const time = rfc3339(now);
  return { type, status, lastUpdateTime: time, lastTransitionTime: time, reason, message };
}

/** `conditions` with this one, which stays as it is while status and reason do not change. */
export function setCondition(conditions: Conditions, wanted: DeploymentCondition): Conditions {
  const present = conditionOf(conditions, wanted.type);
  if (present?.status === wanted.status && present.reason === wanted.reason) return conditions;
  const lastTransitionTime = present?.status === wanted.status ? present.lastTransitionTime : wanted.lastTransitionTime;
  return [...removeCondition(conditions, wanted.type), { ...wanted, lastTransitionTime }];
}

export function removeCondition(conditions: Conditions, type: string): Conditions {
  return conditions.filter((condition) => condition.type !== type);
}

/** True when every wanted pod is of the newest template and available, and no others are left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = wantedReplicas(deployment);
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
  );
}

function isProgressing(before: DeploymentStatus, now: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (now.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(now) < old(before) ||
    (now.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (now.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

/** When a rollout that shows no progress is called stuck, in milliseconds since 1970; undefined when that is not to be judged. */
export function progressDeadline(deployment: Deployment, conditions: Conditions): number | undefined {
  const condition = conditionOf(conditions, 'Progressing');
  if (!hasProgressDeadline(deployment) || condition === undefined) return undefined;
  if (condition.reason === 'NewReplicaSetAvailable' || condition.reason === 'ProgressDeadlineExceeded')
    return undefined;
  return Date.parse(condition.lastUpdateTime ?? '') + deployment.spec!.progressDeadlineSeconds! * 1000;
}

/** The condition Progressing after a pass that counted `status`. */
export function progressCondition(
  deployment: Deployment,
  status: DeploymentStatus,
  newest: ReplicaSet | undefined,
  now: number,
): Conditions {
  const before = deployment.status ?? {};
  const conditions = status.conditions ?? [];
  const current = conditionOf(before.conditions ?? [], 'Progressing');
  const settled =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === 'NewReplicaSetAvailable';
  if (!hasProgressDeadline(deployment)) return removeCondition(conditions, 'Progressing');
  if (settled) return conditions;
  const subject = newest
    ? `ReplicaSet ${JSON.stringify(newest.metadata?.name)}`
    : `Deployment ${JSON.stringify(deployment.metadata?.name)}`;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return setCondition(conditions, makeCondition('Progressing', 'True', 'NewReplicaSetAvailable', message, now));
  }
  if (isProgressing(before, status)) {
    const made = makeCondition('Progressing', 'True', 'ReplicaSetUpdated', `${subject} is progressing.`, now);
    const lastTransitionTime = current?.status === 'True' ? current.lastTransitionTime : made.lastTransitionTime;
    return [...removeCondition(conditions, 'Progressing'), { ...made, lastTransitionTime }];
  }
  const deadline = progressDeadline(deployment, conditions);
  if (deadline !== undefined && deadline < now) {
    const message = `${subject} has timed out progressing.`;
    return setCondition(conditions, makeCondition('Progressing', 'False', 'ProgressDeadlineExceeded', message, now));
  }
  return conditions;
}

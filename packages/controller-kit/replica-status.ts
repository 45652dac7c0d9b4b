import { rfc3339 } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import type { ReplicaSetStatus } from '@keelson/model/generated/types/apps-v1.ts';
import type { Pod, PodTemplateSpec } from '@keelson/model/generated/types/core-v1.ts';
import { conditionOf, withCondition, withoutCondition } from './conditions.ts';
import { isPodAvailable, isPodReady } from './pod-state.ts';

/** What wants so many pods of one template: a ReplicaSet, and its forerunner. Their statuses are alike. */
export interface ReplicaOwner extends ApiObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    readonly template?: PodTemplateSpec;
  };
  readonly status?: ReplicaSetStatus;
}

/** What could not be done about the number of pods in this pass. */
export interface ManageFailure {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly message: string;
}

/** The status that the active pods give their owner; `now` is milliseconds since 1970. */
export function replicaStatus(
  owner: ReplicaOwner,
  pods: readonly Pod[],
  failure: ManageFailure | undefined,
  now: number,
): ReplicaSetStatus {
  const minReadySeconds = owner.spec?.minReadySeconds ?? 0;
  const labels = Object.entries(owner.spec?.template?.metadata?.labels ?? {});
  const carriesAll = (pod: Pod) => labels.every(([key, value]) => pod.metadata?.labels?.[key] === value);
  const count = (test: (pod: Pod) => boolean) => pods.filter(test).length;
  const before = (owner.status?.conditions ?? []) as any[];
  const conditions = failure === undefined ? withoutCondition(before, 'ReplicaFailure') : failed(before, failure, now);
  return {
    replicas: pods.length,
    fullyLabeledReplicas: count(carriesAll),
    readyReplicas: count(isPodReady),
    availableReplicas: count((pod) => isPodAvailable(pod, minReadySeconds, now)),
    observedGeneration: owner.metadata?.generation ?? 0,
    ...(conditions.length > 0 && { conditions: [...conditions] }),
  };
}

/**
 * The conditions with the failure. One that is there stays as it is: its message may name a pod that was never made, and
 * another one each time, and a status that changes with every attempt would have the next attempt begin at once.
 */
function failed(before: readonly any[], { reason, message }: ManageFailure, now: number): readonly any[] {
  if (conditionOf(before, 'ReplicaFailure') !== undefined) return before;
  const lastTransitionTime = rfc3339(now);
  return withCondition(before, { type: 'ReplicaFailure', status: 'True', lastTransitionTime, reason, message });
}

/** True when both say the same; an absent number is 0. */
export function sameReplicaStatus(left: ReplicaSetStatus | undefined, right: ReplicaSetStatus): boolean {
  const numbers = [
    'replicas',
    'fullyLabeledReplicas',
    'readyReplicas',
    'availableReplicas',
    'observedGeneration',
  ] as const;
  if (left === undefined || numbers.some((name) => (left[name] ?? 0) !== (right[name] ?? 0))) return false;
  return JSON.stringify(left.conditions ?? []) === JSON.stringify(right.conditions ?? []);
}

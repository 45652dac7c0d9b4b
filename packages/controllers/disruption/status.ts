import { rfc3339 } from '@keelson/base';
import { intOrPercent, isPodReady } from '@keelson/controller-kit';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '@keelson/model/generated/types/policy-v1.ts';

/** How long an eviction that was granted is believed in before the pod must have gone, in milliseconds. */
export const evictionPatience = 120_000;

/** The status of a budget over these pods, of which there should be `expected`; `now` is milliseconds since 1970. */
export function budgetStatus(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  expected: number,
  now: number,
): PodDisruptionBudgetStatus {
  const disruptedPods = stillDisrupted(budget, pods, now);
  const healthy = pods.filter(
    (pod) => isPodReady(pod) && !pod.metadata?.deletionTimestamp && disruptedPods[pod.metadata!.name!] === undefined,
  ).length;
  const desired = desiredHealthy(budget, expected);
  const allowed = expected <= 0 ? 0 : Math.max(healthy - desired, 0);
  const generation = budget.metadata?.generation ?? 0;
  const before = (budget.status?.conditions ?? []).filter(({ type }) => type !== 'DisruptionAllowed');
  const present = budget.status?.conditions?.find(({ type }) => type === 'DisruptionAllowed');
  const status = allowed > 0 ? 'True' : 'False';
  const condition = {
    type: 'DisruptionAllowed',
    status,
    reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    observedGeneration: generation,
    lastTransitionTime: present?.status === status ? present.lastTransitionTime : rfc3339(now),
  };
  return {
    disruptionsAllowed: allowed,
    currentHealthy: healthy,
    desiredHealthy: desired,
    expectedPods: expected,
    observedGeneration: generation,
    ...(Object.keys(disruptedPods).length > 0 && { disruptedPods }),
    conditions: [...before, condition as any],
  };
}

/** How many pods must stay healthy; percentages are of the expected ones and round up. */
export function desiredHealthy({ spec }: PodDisruptionBudget, expected: number): number {
  if (spec?.maxUnavailable !== undefined)
    return Math.max(expected - intOrPercent(spec.maxUnavailable, expected, 'up'), 0);
  return spec?.minAvailable === undefined ? 0 : intOrPercent(spec.minAvailable, expected, 'up');
}

/** Evictions that were granted and whose pods are still to go. */
function stillDisrupted({ status }: PodDisruptionBudget, pods: readonly Pod[], now: number): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, time] of Object.entries(status?.disruptedPods ?? {})) {
    const pod = pods.find(({ metadata }) => metadata?.name === name);
    if (pod === undefined || pod.metadata?.deletionTimestamp !== undefined) continue;
    if (now - Date.parse(time as string) < evictionPatience) out[name] = time as string;
  }
  return out;
}

import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { isPodReady, podCondition } from './pod-state.ts';

/** A pod that may have to go, and how many of its kin share its node. */
export interface RankedPod {
  readonly pod: Pod;
  readonly neighbours: number;
}

const phases: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * Orders pods by who goes first: unassigned before assigned, pending before running, not ready before ready, the cheaper
 * by the pod-deletion-cost annotation, the one with more neighbours, the one ready for less long, the one that
 * restarted more often, the younger. Ages are compared by their order of magnitude only (KEP-2185), so that not all of
 * the youngest, which a rollout has put on the newest nodes, go together. `now` is milliseconds since 1970.
 */
export function compareForDeletion(left: RankedPod, right: RankedPod, now: number): number {
  const a = left.pod;
  const b = right.pod;
  const assigned = Number(Boolean(a.spec?.nodeName)) - Number(Boolean(b.spec?.nodeName));
  if (assigned !== 0) return assigned;
  const phase = (phases[a.status?.phase ?? ''] ?? 0) - (phases[b.status?.phase ?? ''] ?? 0);
  if (phase !== 0) return phase;
  const ready = Number(isPodReady(a)) - Number(isPodReady(b));
  if (ready !== 0) return ready;
  const cost = deletionCost(a) - deletionCost(b);
  if (cost !== 0) return cost;
  if (left.neighbours !== right.neighbours) return right.neighbours - left.neighbours;
  if (isPodReady(a)) {
    const readiness = compareAges(a, b, readySince(a), readySince(b), now);
    if (readiness !== 0) return readiness;
  }
  const restarts = mostRestarts(b) - mostRestarts(a);
  if (restarts !== 0) return restarts;
  return compareAges(a, b, createdAt(a), createdAt(b), now);
}

/** The `count` pods that go first. */
export function podsToDelete(pods: readonly RankedPod[], count: number, now: number): Pod[] {
  return pods
    .toSorted((left, right) => compareForDeletion(left, right, now))
    .slice(0, count)
    .map(({ pod }) => pod);
}

/** The annotation controller.kubernetes.io/pod-deletion-cost; 0 when absent or no 32-bit number. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata?.annotations?.['controller.kubernetes.io/pod-deletion-cost'];
  if (text === undefined || !/^(0|-?[1-9]\d{0,9})$/.test(text)) return 0;
  const cost = Number(text);
  return cost >= -(2 ** 31) && cost < 2 ** 31 ? cost : 0;
}

/** The younger first, by powers of two of their ages; within one power by uid, which is as good as chance. */
function compareAges(a: Pod, b: Pod, left: number, right: number, now: number): number {
  if (left === right) return 0;
  const difference = magnitude(now - left) - magnitude(now - right);
  if (difference !== 0) return difference;
  return (a.metadata?.uid ?? '') < (b.metadata?.uid ?? '') ? -1 : 1;
}

function magnitude(age: number): number {
  return age > 0 ? Math.floor(Math.log2(age * 1e6)) : -1;
}

function readySince(pod: Pod): number {
  return Date.parse(podCondition(pod, 'Ready')?.lastTransitionTime ?? '') || 0;
}

function createdAt(pod: Pod): number {
  return Date.parse(pod.metadata?.creationTimestamp ?? '') || 0;
}

function mostRestarts(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount));
}

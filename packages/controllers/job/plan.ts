import { compareForDeletion } from '@keelson/controller-kit';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { withIndexes } from '@keelson/model/kinds/batch/job/indexes.ts';
import { backoffLeft } from './backoff.ts';
import { judgeFailure } from './failure-policy.ts';
import {
  finishedAt,
  hasIndexLimit,
  type IndexedPod,
  indexFailures,
  indexOf,
  isIndexed,
  replacesOnlyFailed,
} from './pods.ts';
import type { JobView } from './view.ts';

/** How many pods one pass makes or deletes at most. */
const burst = 500;

/** What has to happen to the number of a Job's active pods. */
export interface JobPlan {
  /** The pods to make; undefined for one without an index. */
  readonly create: readonly (IndexedPod | undefined)[];
  /** Active pods that are not wanted, and shall not be counted. */
  readonly remove: readonly Pod[];
  /** Milliseconds until pods may be made again. */
  readonly wait?: number;
}

function wantedActive({ job, active, succeeded }: JobView): number {
  const { parallelism = 1, completions } = job.spec ?? {};
  // Without a number of completions, what runs after the first success may run out.
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(Math.min(completions - succeeded, parallelism), 0);
}

const byRank = (now: number) => (left: Pod, right: Pod) =>
  compareForDeletion({ pod: left, neighbours: 0 }, { pod: right, neighbours: 0 }, now);

/** Active pods that have to go: those without an index of the Job, all but one of each index, and `least` at least. */
function surplus(view: JobView, least: number): Pod[] {
  const { job, active, now } = view;
  const ranked = active.toSorted(byRank(now));
  if (!isIndexed(job)) return ranked.slice(0, least);
  const kept = new Map<number, Pod>();
  const removed: Pod[] = [];
  for (const pod of ranked) {
    const index = indexOf(pod, job);
    const other = index === undefined ? pod : kept.get(index);
    if (other !== undefined) removed.push(other);
    if (index !== undefined) kept.set(index, pod);
  }
  const rest = ranked.filter((pod) => !removed.includes(pod));
  return [...removed, ...rest.slice(0, Math.max(least - removed.length, 0))];
}

/** The lowest indexes that have neither ended nor a pod. */
function pendingIndexes(view: JobView, count: number): number[] {
  const { job, active, terminating, completed, failedIndexes } = view;
  const busy = replacesOnlyFailed(job) ? [...active, ...terminating] : active;
  const indexes = busy.map((pod) => indexOf(pod, job)).filter((index) => index !== undefined);
  const blocks = withIndexes([...completed, ...(failedIndexes ?? [])], indexes);
  const end = job.spec?.completions ?? 0;
  const found: number[] = [];
  let next = 0;
  for (const { first, last } of [...blocks, { first: end, last: end }]) {
    for (; next < Math.min(first, end) && found.length < count; next++) found.push(next);
    next = Math.max(next, last + 1);
  }
  return found;
}

/** The failures that the next pod of an index carries on from the one it replaces. */
function carriedFailures(view: JobView, replaced: Pod | undefined): { counted: number; ignored: number } {
  if (replaced === undefined) return { counted: 0, ignored: 0 };
  const { counted, all } = indexFailures(replaced);
  const { counts } = judgeFailure(view.job.spec?.podFailurePolicy, replaced);
  return { counted: counted + (counts ? 1 : 0), ignored: all - counted + (counts ? 0 : 1) };
}

function planIndexes(view: JobView, count: number): JobPlan {
  const indexes = pendingIndexes(view, count);
  if (!hasIndexLimit(view.job)) return { create: indexes.map((index) => ({ index })), remove: [] };
  const left = (index: number): number => {
    const pod = view.delayed.get(index);
    if (pod === undefined) return 0;
    return backoffLeft({ failures: indexFailures(pod).all + 1, since: finishedAt(pod) }, view.now);
  };
  const waits = new Map(indexes.map((index) => [index, left(index)]));
  const ready = indexes.filter((index) => waits.get(index) === 0);
  const create = ready.map((index) => ({ index, failures: carriedFailures(view, view.delayed.get(index)) }));
  const waiting = [...waits.values()].filter((wait) => wait > 0);
  return { create, remove: [], ...(waiting.length > 0 && { wait: Math.min(...waiting) }) };
}

/** The next step towards as many active pods as there should be: either some go, or some come. */
export function planJob(view: JobView): JobPlan {
  const { job, active, terminating, now } = view;
  if (job.spec?.suspend) return { create: [], remove: active.slice(0, burst) };
  const wanted = wantedActive(view);
  const remove = surplus(view, Math.max(active.length - wanted, 0)).slice(0, burst);
  if (remove.length > 0) return { create: [], remove };
  const occupied = active.length + (replacesOnlyFailed(job) ? terminating.length : 0);
  const missing = Math.min(wanted - occupied, burst);
  if (missing <= 0) return { create: [], remove: [] };
  const wait = hasIndexLimit(job) ? 0 : backoffLeft(view.backoff, now);
  if (wait > 0) return { create: [], remove: [], wait };
  if (isIndexed(job)) return planIndexes(view, missing);
  return { create: Array.from({ length: missing }, () => undefined), remove: [] };
}

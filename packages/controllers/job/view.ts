import { isPodActive } from '@keelson/controller-kit';
import type { Job } from '@keelson/model/generated/types/batch-v1.ts';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import {
  countIndexes,
  hasIndex,
  type IndexInterval,
  readableIndexes,
  withIndexes,
} from '@keelson/model/kinds/batch/job/indexes.ts';
import { type Backoff, nextBackoff } from './backoff.ts';
import { judgeFailure } from './failure-policy.ts';
import {
  finishedAt,
  hasIndexLimit,
  indexFailures,
  indexOf,
  isFailed,
  isIndexed,
  isTerminating,
  isTracked,
} from './pods.ts';

/** A Job and its pods as they are: what every decision is made from. */
export interface JobView {
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly active: readonly Pod[];
  readonly terminating: readonly Pod[];
  /** Uids of pods whose finalizer was taken away, which the cache has not shown yet. */
  readonly released: ReadonlySet<string>;
  /** Pods that succeeded and failed, the counted and the uncounted. */
  readonly succeeded: number;
  readonly failed: number;
  readonly backoff: Backoff;
  /** Of an indexed Job: what the status says, and what is known by now. */
  readonly completedBefore: readonly IndexInterval[];
  readonly completed: readonly IndexInterval[];
  /** Of a Job whose indexes have limits. */
  readonly failedIndexes: readonly IndexInterval[] | undefined;
  /** By index, the failed pod that stays until another has taken over its count. */
  readonly delayed: ReadonlyMap<number, Pod>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What a view is made from beside the Job. */
export interface JobFacts {
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly released: ReadonlySet<string>;
  readonly backoff: Backoff;
  readonly now: number;
}

/** Pods that are held and have not been counted in the status, by a test. */
function uncounted(facts: JobFacts, counted: ReadonlySet<string>, test: (pod: Pod) => boolean): Pod[] {
  const { job, pods, released } = facts;
  return pods.filter((pod) => {
    const uid = pod.metadata!.uid!;
    if (!isTracked(pod) || counted.has(uid) || released.has(uid)) return false;
    return (!isIndexed(job) || indexOf(pod, job) !== undefined) && test(pod);
  });
}

function completedIndexes(facts: JobFacts, before: readonly IndexInterval[]): readonly IndexInterval[] {
  const { job, pods } = facts;
  const found = pods
    .filter((pod) => pod.status?.phase === 'Succeeded' && isTracked(pod))
    .map((pod) => indexOf(pod, job))
    .filter((index) => index !== undefined);
  return found.length === 0 ? before : withIndexes(before, found);
}

/** True when the index of this pod has used up its failures, or the policy says that it has. */
function failsIndex(job: Job, pod: Pod): boolean {
  if (!isFailed(pod, job)) return false;
  const { counts, action } = judgeFailure(job.spec?.podFailurePolicy, pod);
  if (action === 'FailIndex') return true;
  return counts && indexFailures(pod).counted >= job.spec!.backoffLimitPerIndex!;
}

function failedIndexes({ job, pods }: JobFacts): readonly IndexInterval[] | undefined {
  if (!hasIndexLimit(job)) return undefined;
  const before = readableIndexes(job.status?.failedIndexes ?? '', job.spec?.completions ?? 0);
  const found = pods
    .filter((pod) => isTracked(pod) && failsIndex(job, pod))
    .map((pod) => indexOf(pod, job))
    .filter((index) => index !== undefined);
  return found.length === 0 ? before : withIndexes(before, found);
}

/** The failed pods whose counts nobody has taken over: the one with the most failures of each index that is to go on. */
function delayedPods(
  facts: JobFacts,
  done: readonly (readonly IndexInterval[])[],
  active: readonly Pod[],
): ReadonlyMap<number, Pod> {
  const { job } = facts;
  const running = new Set(active.map((pod) => indexOf(pod, job)));
  const delayed = new Map<number, Pod>();
  for (const pod of uncounted(facts, new Set(), (one) => isFailed(one, job))) {
    const index = indexOf(pod, job)!;
    if (running.has(index) || done.some((indexes) => hasIndex(indexes, index))) continue;
    const known = delayed.get(index);
    const later = known === undefined || indexFailures(known).all <= indexFailures(pod).all;
    if (later && (known === undefined || finishedAt(pod) >= finishedAt(known))) delayed.set(index, pod);
  }
  return delayed;
}

export function viewOf(facts: JobFacts): JobView {
  const { job, pods, now, released } = facts;
  const status = job.status ?? {};
  const { succeeded: countedSuccess = [], failed: countedFailure = [] } = status.uncountedTerminatedPods ?? {};
  const succeeded = uncounted(facts, new Set(countedSuccess), (pod) => pod.status?.phase === 'Succeeded');
  const failed = uncounted(facts, new Set(countedFailure), (pod) => isFailed(pod, job));
  const counting = failed.filter((pod) => judgeFailure(job.spec?.podFailurePolicy, pod).counts);
  const active = pods.filter(isPodActive);
  const before = isIndexed(job) ? readableIndexes(status.completedIndexes ?? '', job.spec?.completions ?? 0) : [];
  const completed = isIndexed(job) ? completedIndexes(facts, before) : [];
  const failures = failedIndexes(facts);
  const plain = (status.succeeded ?? 0) + succeeded.length + countedSuccess.length;
  return {
    job,
    pods,
    active,
    terminating: pods.filter(isTerminating),
    released,
    succeeded: isIndexed(job) ? countIndexes(completed) : plain,
    failed: (status.failed ?? 0) + counting.length + countedFailure.length,
    backoff: nextBackoff(facts.backoff, succeeded, failed),
    completedBefore: before,
    completed,
    failedIndexes: failures,
    delayed: failures === undefined ? new Map() : delayedPods(facts, [completed, failures], active),
    now,
  };
}

import type { Job, JobCondition, JobStatus } from '@keelson/model/generated/types/batch-v1.ts';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { countIndexes, hasIndex, indexesText, withIndexes } from '@keelson/model/kinds/batch/job/indexes.ts';
import { judgeFailure } from './failure-policy.ts';
import { indexOf, isFailed, isIndexed, isTracked } from './pods.ts';
import type { JobView } from './view.ts';

/** How many pods are counted in one pass, so that the status stays small. */
const countLimit = 500;

/** What is counted in one pass. */
export interface Tracking {
  readonly status: JobStatus;
  /** Pods that can be let go once the status is written. */
  readonly release: readonly Pod[];
  /** Whether more than one pass is needed. */
  readonly more: boolean;
}

/** The status with pods that are held no longer moved from the lists into the counts. */
export function settleUncounted(status: JobStatus, held: ReadonlySet<string>): JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const keep = (uids: readonly string[]) => uids.filter((uid) => held.has(uid));
  const [successes, failures] = [keep(succeeded), keep(failed)];
  const count = (name: 'succeeded' | 'failed', moved: number) =>
    moved === 0 ? {} : { [name]: (status[name] ?? 0) + moved };
  return {
    ...status,
    ...count('succeeded', succeeded.length - successes.length),
    ...count('failed', failed.length - failures.length),
    uncountedTerminatedPods: {
      ...(successes.length > 0 && { succeeded: successes }),
      ...(failures.length > 0 && { failed: failures }),
    },
  };
}

/** The uids of pods that are still held for counting. */
export function heldPods({ pods, released }: Pick<JobView, 'pods' | 'released'>): Set<string> {
  return new Set(
    pods.filter((pod) => isTracked(pod) && !released.has(pod.metadata!.uid!)).map((pod) => pod.metadata!.uid!),
  );
}

function mayRelease(view: JobView, pod: Pod, end: JobCondition | undefined): boolean {
  const { job } = view;
  if (job.metadata?.deletionTimestamp !== undefined || end !== undefined || pod.status?.phase === 'Succeeded')
    return true;
  if (!isFailed(pod, job)) return false;
  const index = indexOf(pod, job);
  // Its count is needed until the next pod of the index carries it on.
  return index === undefined || view.delayed.get(index) !== pod;
}

/** How a pod that can go is counted. */
function outcomeOf({ job, completedBefore }: JobView, pod: Pod, end: JobCondition | undefined) {
  const index = indexOf(pod, job);
  const known = !isIndexed(job) || index !== undefined;
  if (pod.status?.phase === 'Succeeded') {
    if (!isIndexed(job)) return 'succeeded';
    return index !== undefined && !hasIndex(completedBefore, index) ? index : undefined;
  }
  // In a Job that failed, everything that has not ended has failed.
  const fails = isFailed(pod, job) || (end !== undefined && end.type !== 'SuccessCriteriaMet');
  return fails && known && judgeFailure(job.spec?.podFailurePolicy, pod).counts ? 'failed' : undefined;
}

/** Counts pods that have ended, as far as they were not counted, and tells which can be let go. `end` ends the Job. */
export function track(view: JobView, before: JobStatus, end: JobCondition | undefined): Tracking {
  const held = heldPods(view);
  const status = settleUncounted(before, held);
  const succeeded = [...(status.uncountedTerminatedPods?.succeeded ?? [])];
  const failed = [...(status.uncountedTerminatedPods?.failed ?? [])];
  const [counted, lost] = [new Set(succeeded), new Set(failed)];
  const indexes: number[] = [];
  const release: Pod[] = [];
  let more = false;
  for (const pod of view.pods) {
    const uid = pod.metadata!.uid!;
    if (!held.has(uid) || !mayRelease(view, pod, end)) continue;
    if (indexes.length + succeeded.length + failed.length >= countLimit) {
      more = true;
      break;
    }
    release.push(pod);
    if (lost.has(uid)) continue;
    const outcome = outcomeOf(view, pod, end);
    if (typeof outcome === 'number') indexes.push(outcome);
    else if (outcome === 'succeeded' && !counted.has(uid)) succeeded.push(uid);
    else if (outcome === 'failed') failed.push(uid);
  }
  const uncountedTerminatedPods = { ...(succeeded.length > 0 && { succeeded }), ...(failed.length > 0 && { failed }) };
  return { status: withIndexFields(view, { ...status, uncountedTerminatedPods }, indexes), release, more };
}

function withIndexFields(view: JobView, status: JobStatus, indexes: readonly number[]): JobStatus {
  if (!isIndexed(view.job)) return status;
  const completed = withIndexes(view.completedBefore, indexes);
  const { succeeded: _, completedIndexes: __, ...rest } = status;
  return {
    ...rest,
    ...(completed.length > 0 && { succeeded: countIndexes(completed), completedIndexes: indexesText(completed) }),
    ...(view.failedIndexes && { failedIndexes: indexesText(view.failedIndexes) }),
  };
}

export function hasUncounted({ status }: Pick<Job, 'status'>): boolean {
  const { succeeded = [], failed = [] } = status?.uncountedTerminatedPods ?? {};
  return succeeded.length + failed.length > 0;
}

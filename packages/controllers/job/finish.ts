import { rfc3339 } from '@keelson/base';
import type { Job, JobCondition } from '@keelson/model/generated/types/batch-v1.ts';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { countIndexes, type IndexInterval, readableIndexes } from '@keelson/model/kinds/batch/job/indexes.ts';
import { judgeFailure } from './failure-policy.ts';
import { isFailed, isIndexed } from './pods.ts';
import type { JobView } from './view.ts';

/** A condition of a Job that is true since `now` (milliseconds since 1970). */
export function jobCondition(type: string, reason: string, message: string, now: number): JobCondition {
  const time = rfc3339(now);
  return {
    type,
    status: 'True',
    lastProbeTime: time,
    lastTransitionTime: time,
    ...(reason !== '' && { reason }),
    ...(message !== '' && { message }),
  };
}

export function trueCondition(job: Job, type: string): JobCondition | undefined {
  return job.status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');
}

export function isFinished(job: Job): boolean {
  return trueCondition(job, 'Complete') !== undefined || trueCondition(job, 'Failed') !== undefined;
}

/** True when containers that are restarted in place have used up the limit. */
function restartsExceed(job: Job, pods: readonly Pod[]): boolean {
  if (job.spec?.template.spec?.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue;
    for (const one of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
      restarts += one.restartCount ?? 0;
  }
  const limit = job.spec.backoffLimit ?? 6;
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

/** Milliseconds until the Job has been active for too long; undefined when it may be so for ever. */
export function deadlineLeft({ job, now }: JobView): number | undefined {
  const { activeDeadlineSeconds, suspend } = job.spec ?? {};
  const { startTime } = job.status ?? {};
  if (activeDeadlineSeconds === undefined || startTime === undefined || suspend) return undefined;
  return Date.parse(startTime) + activeDeadlineSeconds * 1000 - now;
}

function policyFailure({ job, pods }: JobView): string | undefined {
  for (const pod of job.spec?.podFailurePolicy === undefined ? [] : pods) {
    if (!isFailed(pod, job)) continue;
    const { failure } = judgeFailure(job.spec!.podFailurePolicy, pod);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** The rule of the success policy that is met, as text. */
function policySuccess({ job, completed }: JobView): string | undefined {
  const met = (job.spec?.successPolicy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return countIndexes(completed) >= (succeededCount ?? Number.POSITIVE_INFINITY);
    const wanted = readableIndexes(succeededIndexes, job.spec?.completions ?? 0);
    return countShared(wanted, completed) >= (succeededCount ?? countIndexes(wanted));
  });
  return met < 0 ? undefined : `Matched rules at index ${met}`;
}

/** How many indexes both have. */
function countShared(left: readonly IndexInterval[], right: readonly IndexInterval[]): number {
  let shared = 0;
  for (let [i, j] = [0, 0]; i < left.length && j < right.length; ) {
    const [one, other] = [left[i]!, right[j]!];
    shared += Math.max(Math.min(one.last, other.last) - Math.max(one.first, other.first) + 1, 0);
    if (one.last < other.last) i++;
    else j++;
  }
  return shared;
}

function indexFailure({ job, completed, failedIndexes }: JobView): readonly [string, string] | undefined {
  if (failedIndexes === undefined) return undefined;
  const failed = countIndexes(failedIndexes);
  const limit = job.spec?.maxFailedIndexes;
  if (limit !== undefined && failed > limit) {
    return ['MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes'];
  }
  const over = failed > 0 && failed + countIndexes(completed) >= (job.spec?.completions ?? 0);
  return over ? ['FailedIndexes', 'Job has failed indexes'] : undefined;
}

/**
 * The condition that ends the Job, whatever its pods do from here on: SuccessCriteriaMet or FailureTarget when that was
 * found out just now, Failed when it was known before. Undefined while the Job goes on.
 */
export function endOf(view: JobView): JobCondition | undefined {
  const { job, now } = view;
  const met = trueCondition(job, 'SuccessCriteriaMet');
  if (met !== undefined) return met;
  const target = trueCondition(job, 'FailureTarget');
  if (target !== undefined) return jobCondition('Failed', target.reason ?? '', target.message ?? '', now);
  const fail = (reason: string, message: string) => jobCondition('FailureTarget', reason, message, now);
  const failure = policyFailure(view);
  if (failure !== undefined) return fail('PodFailurePolicy', failure);
  if (view.failed > (job.spec?.backoffLimit ?? 6) || restartsExceed(job, view.pods)) {
    return fail('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  if ((deadlineLeft(view) ?? 1) <= 0) {
    return fail('DeadlineExceeded', 'Job was active longer than specified deadline');
  }
  if (!isIndexed(job)) return undefined;
  const indexes = indexFailure(view);
  if (indexes !== undefined) return fail(...indexes);
  const success = policySuccess(view);
  return success === undefined ? undefined : jobCondition('SuccessCriteriaMet', 'SuccessPolicy', success, now);
}

/** The condition of a Job that has reached its completions with `active` pods left. */
export function completionOf({ job, succeeded, now }: JobView, active: number): JobCondition | undefined {
  // Without a number of completions one success stands for all, once the others have ended.
  const wanted = job.spec?.completions ?? 1;
  if (succeeded < wanted || active > 0) return undefined;
  return jobCondition('SuccessCriteriaMet', 'CompletionsReached', 'Reached expected number of succeeded pods', now);
}

/** The condition that follows once every pod has been counted. */
export function lastCondition({ type, reason = '', message = '' }: JobCondition, now: number): JobCondition {
  return jobCondition(type === 'SuccessCriteriaMet' ? 'Complete' : 'Failed', reason, message, now);
}

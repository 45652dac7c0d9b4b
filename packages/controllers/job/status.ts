import { rfc3339 } from '@keelson/base';
import type { Job, JobCondition, JobStatus } from '@keelson/model/generated/types/batch-v1.ts';
import { jobCondition } from './finish.ts';

/** The status of a Job that goes on; one that has not begun begins now, unless it is suspended. */
export function startStatus({ spec, status }: Job, now: number): JobStatus {
  const begins = status?.startTime === undefined && !spec?.suspend;
  return { uncountedTerminatedPods: {}, ...status, ...(begins && { startTime: rfc3339(now) }) };
}

/** The status with the condition that says whether the Job is suspended; the very status when it says so already. */
export function changeSuspension({ spec }: Job, status: JobStatus, now: number): JobStatus {
  const conditions = status.conditions ?? [];
  const present = conditions.find(({ type }) => type === 'Suspended');
  const suspend = spec?.suspend ?? false;
  if ((present?.status === 'True') === suspend) return status;
  const condition = suspend
    ? jobCondition('Suspended', 'JobSuspended', 'Job suspended', now)
    : { ...jobCondition('Suspended', 'JobResumed', 'Job resumed', now), status: 'False' };
  const others = conditions.filter((one) => one !== present);
  const { startTime: _, ...rest } = status;
  // The time that it may take begins anew when it goes on.
  return { ...rest, ...(!suspend && { startTime: rfc3339(now) }), conditions: [...others, condition] };
}

/** The status of a Job that is over. */
export function finishStatus(status: JobStatus, last: JobCondition): JobStatus {
  const conditions = [...(status.conditions ?? []).filter(({ type }) => type !== last.type), last];
  return { ...status, conditions, ...(last.type === 'Complete' && { completionTime: last.lastTransitionTime! }) };
}

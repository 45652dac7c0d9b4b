import { rfc3339 } from '@keelson/base';
import { kubernetesResources } from '@keelson/client';
import { controllerReference } from '@keelson/controller-kit';
import type { CronJob, Job } from '@keelson/model/generated/types/batch-v1.ts';
import type { ObjectReference } from '@keelson/model/generated/types/core-v1.ts';
import { wallTime } from '@keelson/model/schedule/time-zone.ts';

const { cronJobs } = kubernetesResources;
const scheduledTimeKey = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

/** The name of the Job that is due at a time, which is told in minutes: one that exists was made already. */
export function jobName(cronJob: CronJob, at: number): string {
  return `${cronJob.metadata!.name}-${Math.floor(at / 60_000)}`;
}

/** An instant (milliseconds since 1970) as the clocks of `zone` show it, in RFC 3339. */
export function localTime(at: number, zone: string): string {
  const { year, month, day, hour, minute } = wallTime(at, zone);
  const seconds = Math.floor(at / 1000) % 60;
  const offset = Math.round((Date.UTC(year, month - 1, day, hour, minute, seconds) - at) / 60_000);
  if (offset === 0) return rfc3339(at);
  const shown = rfc3339(at + offset * 60_000).slice(0, 19);
  const two = (value: number) => String(value).padStart(2, '0');
  const distance = Math.abs(offset);
  return `${shown}${offset < 0 ? '-' : '+'}${two(Math.floor(distance / 60))}:${two(distance % 60)}`;
}

/** The Job that is due at a time. */
export function jobFor(cronJob: CronJob, at: number, zone: string): Job {
  const { metadata, spec } = cronJob.spec.jobTemplate;
  return {
    metadata: {
      name: jobName(cronJob, at),
      namespace: cronJob.metadata!.namespace,
      ...(metadata?.labels && { labels: { ...metadata.labels } }),
      annotations: { ...metadata?.annotations, [scheduledTimeKey]: localTime(at, zone) },
      ownerReferences: [controllerReference(cronJob, cronJobs)],
    },
    spec: structuredClone(spec),
  };
}

/** `Complete` or `Failed` for a Job that is over. */
export function endOfJob(job: Job): 'Complete' | 'Failed' | undefined {
  const ends = ['Complete', 'Failed'] as const;
  return ends.find((end) => job.status?.conditions?.some(({ type, status }) => type === end && status === 'True'));
}

/** The reference to a Job that runs, as the status has it. */
export function referenceToJob({ metadata }: Job): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata!;
  return { apiVersion: 'batch/v1', kind: 'Job', namespace, name, uid, resourceVersion };
}

/** The Jobs that go by the history limits: of those that ended alike, the ones that began first. */
export function jobsBeyondHistory(cronJob: CronJob, jobs: readonly Job[]): Job[] {
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = cronJob.spec;
  const began = ({ status }: Job) => Date.parse(status?.startTime ?? '') || Number.POSITIVE_INFINITY;
  const oldest = (end: 'Complete' | 'Failed', limit: number | undefined): Job[] => {
    if (limit === undefined) return [];
    const ended = jobs.filter((job) => endOfJob(job) === end).toSorted((left, right) => began(left) - began(right));
    return ended.slice(0, Math.max(ended.length - limit, 0));
  };
  return [...oldest('Complete', successfulJobsHistoryLimit), ...oldest('Failed', failedJobsHistoryLimit)];
}

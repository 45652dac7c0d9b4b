import type { CronJob } from '@keelson/model/generated/types/batch-v1.ts';
import type { Schedule } from '@keelson/model/schedule/cron-schedule.ts';

/** So many missed times are worth a warning: a clock that is wrong, or a deadline that is missing. */
const manyMissed = 100;

/** What a schedule says at one time. All times are milliseconds since 1970. */
export interface Due {
  /** The last time that has come since a Job was made, unless its deadline has passed by long. */
  readonly at: number | undefined;
  /** Whether its time to start has run out. */
  readonly tooLate: boolean;
  readonly missedMany: boolean;
  /** When to look again; undefined when nothing comes any more. */
  readonly next: number | undefined;
}

/** What of `schedule` is due at `now`, by the clocks of `zone`. */
export function dueAt(cronJob: CronJob, schedule: Schedule, zone: string, now: number): Due {
  const { lastScheduleTime } = cronJob.status ?? {};
  const { startingDeadlineSeconds: deadline } = cronJob.spec;
  const since = Date.parse(lastScheduleTime ?? cronJob.metadata?.creationTimestamp ?? '') || 0;
  const earliest = deadline === undefined ? since : Math.max(since, now - deadline * 1000);
  const at = schedule.latest(earliest, now, zone);
  const last = at ?? schedule.latest(since, now, zone) ?? since;
  const following = schedule.next(last, zone);
  return {
    at,
    tooLate: at !== undefined && deadline !== undefined && at + deadline * 1000 < now,
    missedMany: at !== undefined && missed(schedule, earliest, now, zone) > manyMissed,
    next: following !== undefined && following > now ? following : schedule.next(now, zone),
  };
}

/** How many times have come, reckoned from the distance of the first two. */
function missed(schedule: Schedule, after: number, now: number, zone: string): number {
  const first = schedule.next(after, zone);
  const second = first === undefined ? undefined : schedule.next(first, zone);
  if (first === undefined || second === undefined || second > now) return 0;
  return Math.floor((now - first) / Math.max(second - first, 1000)) + 1;
}

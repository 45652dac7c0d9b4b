import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { finishedAt } from './pods.ts';

const first = 10_000;
const longest = 600_000;

/** The failures of a Job's pods since one succeeded last. */
export interface Backoff {
  readonly failures: number;
  /** When the last of them failed, in milliseconds since 1970. */
  readonly since: number;
}

export const noBackoff: Backoff = { failures: 0, since: 0 };

function latest(times: readonly number[], least: number): number {
  return times.reduce((last, time) => Math.max(last, time), least);
}

/** The record with pods that have ended since: a success forgets every failure before it. */
export function nextBackoff(before: Backoff, succeeded: readonly Pod[], failed: readonly Pod[]): Backoff {
  const failures = failed.map(finishedAt);
  if (succeeded.length === 0) {
    if (failures.length === 0) return before;
    return { failures: before.failures + failures.length, since: latest(failures, before.since) };
  }
  const success = latest(succeeded.map(finishedAt), 0);
  const later = failures.filter((time) => time > success);
  return later.length === 0 ? noBackoff : { failures: later.length, since: latest(later, 0) };
}

/** Milliseconds until pods may be made again: 10 s after the first failure, twice as long each time, 10 minutes at most. */
export function backoffLeft({ failures, since }: Backoff, now: number): number {
  if (failures === 0) return 0;
  const wait = Math.min(first * 2 ** Math.min(failures - 1, 30), longest);
  return Math.max(since + wait - now, 0);
}

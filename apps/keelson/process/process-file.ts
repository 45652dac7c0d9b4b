import { rmSync } from 'node:fs';
import {
  currentBootId,
  type ProcessRecord,
  runningProcess as recordedProcess,
  startTimeOf,
} from '@keelson/network/dataplanes/linux/process-record.ts';
import { writePrivateFile } from '../data-directory.ts';

/** Leaves a record of `pid` (this process unless told otherwise), by which others find it and tell it from a later one. */
export function recordProcess(file: string, pid: number = process.pid): void {
  const record: ProcessRecord = { pid, startTime: startTimeOf(pid) ?? '', bootId: currentBootId() };
  writePrivateFile(file, JSON.stringify(record));
}

/** The pid on record if that very process still runs; a record of one that does not is no more than a leftover. */
export function runningProcess(file: string): number | undefined {
  return recordedProcess(file)?.pid;
}

export function forgetProcess(file: string): void {
  rmSync(file, { force: true });
}

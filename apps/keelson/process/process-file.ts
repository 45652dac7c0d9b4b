import { existsSync, readFileSync, rmSync } from 'node:fs';
import { writePrivateFile } from '../data-directory.ts';

/** What a background process says of itself, so that others can find it, and tell it from a later one of the same pid. */
export interface ProcessRecord {
  readonly pid: number;
  /** Clock ticks since boot at which it started (/proc/PID/stat, field 22). */
  readonly startTime: string;
  /** The boot that those ticks count from. */
  readonly bootId: string;
}

function startTimeOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name, in parentheses, may hold anything; the fields after it are numbers. State Z is a dead one.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function currentBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Leaves a record of `pid` (this process unless told otherwise). */
export function recordProcess(file: string, pid: number = process.pid): void {
  const record: ProcessRecord = { pid, startTime: startTimeOf(pid) ?? '', bootId: currentBootId() };
  writePrivateFile(file, JSON.stringify(record));
}

/** The pid on record if that very process still runs; a record of one that does not is no more than a leftover. */
export function runningProcess(file: string): number | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const record: ProcessRecord = JSON.parse(readFileSync(file, 'utf8'));
    return record.bootId === currentBootId() && startTimeOf(record.pid) === record.startTime ? record.pid : undefined;
  } catch {
    return undefined;
  }
}

export function forgetProcess(file: string): void {
  rmSync(file, { force: true });
}

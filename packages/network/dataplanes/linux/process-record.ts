import { readFileSync } from 'node:fs';

/** Which process it is: a pid alone may be another's by now. */
export interface ProcessRecord {
  readonly pid: number;
  /** Clock ticks since boot at which it started (/proc/PID/stat, field 22). */
  readonly startTime: string;
  /** The boot that those ticks count from. */
  readonly bootId: string;
}

/** The fields of /proc/PID/stat that tell a process from a later one of the same pid; undefined for a dead one. */
export function startTimeOf(pid: number): string | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The command's name, in parentheses, may hold anything; the fields after it are plain. State Z is a dead process.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

let bootId: string | undefined;

export function currentBootId(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return bootId;
}

/** The record in `file` if that very process still runs. */
export function runningProcess(file: string, boot = currentBootId()): ProcessRecord | undefined {
  let record: ProcessRecord;
  try {
    record = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
  return isRunning(record, boot) ? record : undefined;
}

export function isRunning(record: ProcessRecord, boot = currentBootId()): boolean {
  return record.bootId === boot && startTimeOf(record.pid) === record.startTime;
}

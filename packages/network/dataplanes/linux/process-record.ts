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

export function currentBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** The record in `file` if that very process still runs. */
export function runningProcess(file: string, bootId = currentBootId()): ProcessRecord | undefined {
  let record: ProcessRecord;
  try {
    record = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
  return isRunning(record, bootId) ? record : undefined;
}

export function isRunning(record: ProcessRecord, bootId = currentBootId()): boolean {
  return record.bootId === bootId && startTimeOf(record.pid) === record.startTime;
}

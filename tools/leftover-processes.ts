import { readdirSync, readFileSync } from 'node:fs';

/** In the environment of a test file's process, and so of what it starts: which run of which file they belong to. */
export const testFileVariable = 'KEELSON_TEST_FILE';

function parentOf(pid: string): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[1];
  } catch {
    return undefined;
  }
}

function isMarked(pid: string, entry: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(entry);
  } catch {
    return false;
  }
}

/** Pids of the processes with this mark, and of all that descend from them, whatever environment those were given. */
function processesOf(mark: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const parents = new Map(pids.map((pid) => [pid, parentOf(pid)]));
  const found = new Set(pids.filter((pid) => isMarked(pid, `${testFileVariable}=${mark}`)));
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const [pid, parent] of parents) if (parent !== undefined && found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** Ends what a test file has left behind, detached or not, with SIGKILL. Returns how many processes that were. */
export function endLeftoverProcesses(mark: string): number {
  // A process that has been killed is there until the kernel has torn it down, and is met again in the next round.
  const ended = new Set<string>();
  // Whoever was starting another when it was looked at is found the next time.
  for (let round = 0; round < 5; round++) {
    const pids = processesOf(mark);
    if (pids.length === 0) break;
    for (const pid of pids) {
      try {
        process.kill(Number(pid), 'SIGKILL');
        ended.add(pid);
      } catch {
        // It has ended by itself.
      }
    }
  }
  return ended.size;
}

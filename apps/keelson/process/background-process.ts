import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { type Clock, sleep } from '@keelson/base';

export interface BackgroundOptions {
  /** The command of this program and its arguments: `region`, `--data`, … */
  readonly args: readonly string[];
  readonly logFile: string;
  /** Words before the command: how to enter a namespace. */
  readonly prefix?: readonly string[];
  /** Descriptors that the child inherits, from 3 on. */
  readonly descriptors?: readonly number[];
  /** Whether the child tells its progress on descriptor 3. */
  readonly reports?: boolean;
}

/**
 * Young objects are collected early: it takes a tenth off the memory of a process that has little to do, and nothing off
 * what an API server does in a second.
 */
const nodeFlags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=2'];

/** Starts this program again as a process of its own session: it lives on when this one ends. */
export function startInBackground(options: BackgroundOptions): ChildProcess {
  const log = openSync(options.logFile, 'a', 0o600);
  const { prefix = [], descriptors = [] } = options;
  const [command, ...args] = [...prefix, process.execPath, ...nodeFlags, process.argv[1]!, ...options.args];
  const child = spawn(command!, args, {
    detached: true,
    stdio: ['pipe', log, log, ...descriptors, ...(options.reports ? (['pipe'] as const) : [])],
    cwd: '/',
  });
  closeSync(log);
  return child;
}

/** Asks a process to end, and makes it when it has not within `grace` milliseconds. Resolves when it is gone. */
export async function endProcess(pid: number, isAlive: () => boolean, clock: Clock, grace = 15_000): Promise<void> {
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  if (!isAlive()) return;
  signal('SIGTERM');
  const deadline = clock.monotonic() + grace;
  while (isAlive()) {
    if (clock.monotonic() > deadline) signal('SIGKILL');
    await keepAwake(sleep(clock, 20));
  }
}

/** Timers of a Clock do not keep the process alive; waiting for one is reason enough to. */
export async function keepAwake<T>(waiting: Promise<T>): Promise<T> {
  const handle = setInterval(() => {}, 60_000);
  try {
    return await waiting;
  } finally {
    clearInterval(handle);
  }
}

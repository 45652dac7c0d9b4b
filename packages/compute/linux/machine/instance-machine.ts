import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { sleep, type World } from '@keelson/base';
import { isRunning, type ProcessRecord, runningProcess } from '@keelson/network/dataplanes/linux/process-record.ts';
import type { InitReport } from '../init/init-configuration.ts';
import type { MachineCgroups } from './cgroups.ts';
import type { InstanceFolder } from './instance-folder.ts';
import { quote } from './setup-script.ts';

export interface InstanceMachineOptions {
  readonly world: World;
  readonly instanceId: string;
  readonly folder: InstanceFolder;
  readonly cgroups: MachineCgroups;
  readonly searchPath: string;
}

const setupTimeout = 10_000;
/** A machine that is asked to end gets so many milliseconds. */
const stopGrace = 10_000;
const killTimeout = 10_000;
const poll = 5;

/** The processes of one instance: begins them, finds them again, watches them, and ends them without a trace. */
export class InstanceMachine {
  readonly #options: InstanceMachineOptions;
  #watch: Socket | undefined;
  #report: InitReport | undefined;

  constructor(options: InstanceMachineOptions) {
    this.#options = options;
  }

  /** Its init, if it runs. */
  get process(): ProcessRecord | undefined {
    return runningProcess(this.#options.folder.recordFile);
  }

  /** How its services fared when it last told. */
  get report(): InitReport | undefined {
    return this.#report;
  }

  /**
   * Begins the namespaces' first process. Resolves when they exist; what `script` does in them is still going on.
   * @throws Error with the console's last lines when it ended at once
   */
  async begin(script: string, groups: readonly string[]): Promise<void> {
    const { folder, world } = this.#options;
    rmSync(folder.recordFile, { force: true });
    rmSync(folder.controlSocket, { force: true });
    mkdirSync(folder.path, { recursive: true, mode: 0o700 });
    const console = openSync(folder.console, 'w', 0o600);
    const offset = statSync(folder.console).size;
    const child = spawn('sh', ['-c', wrapper(groups), 'keelson-instance', script], {
      detached: true,
      stdio: ['ignore', console, console, 'pipe'],
      env: { PATH: this.#options.searchPath, LC_ALL: 'C' },
    });
    closeSync(console);
    child.unref();
    const told = child.stdio[3] as Socket;
    const outcome = await new Promise<string>((resolve) => {
      const timer = world.clock.setTimer(setupTimeout, () => resolve('took too long'));
      const done = (how: string) => {
        timer.cancel();
        resolve(how);
      };
      told.on('data', () => done(''));
      told.on('close', () => done('ended'));
      told.on('error', () => done('ended'));
      child.on('error', (error) => done(error.message));
    });
    told.destroy();
    if (outcome !== '' || this.process === undefined) {
      throw new Error(`the instance's namespaces were not made (${outcome || 'ended'}): ${this.#consoleSince(offset)}`);
    }
  }

  #consoleSince(offset: number): string {
    return readFileSync(this.#options.folder.console, 'utf8').slice(offset).trim().slice(-1000);
  }

  /**
   * Connects to the init and resolves with its first report. `ended` is called once when the machine is no more.
   * @throws Error when it ended before
   */
  async watch(ended: () => void): Promise<InitReport> {
    const { world, folder } = this.#options;
    if (this.#watch !== undefined && this.#report !== undefined) return this.#report;
    const record = this.process;
    const began = world.clock.monotonic();
    while (record !== undefined && isRunning(record) && world.clock.monotonic() - began < setupTimeout) {
      const report = await this.#connect(record, ended);
      if (report !== undefined) return report;
      await sleep(world.clock, poll);
    }
    throw new Error(`the instance's init does not answer: ${this.#consoleSince(0)}`, { cause: folder.controlSocket });
  }

  #connect(record: ProcessRecord, ended: () => void): Promise<InitReport | undefined> {
    return new Promise((resolve) => {
      const socket = createConnection(this.#options.folder.controlSocket);
      let text = '';
      socket.on('error', () => resolve(undefined));
      socket.on('data', (piece) => {
        text += piece.toString();
        const lines = text.split('\n');
        text = lines.pop()!.slice(-65_536);
        for (const line of lines) this.#report = parseReport(line) ?? this.#report;
        if (this.#report === undefined) return;
        this.#watch = socket;
        resolve(this.#report);
      });
      socket.on('close', async () => {
        if (this.#watch !== socket) return;
        this.#watch = undefined;
        // The init is gone; the rest of the instance ends with it.
        if (!(await this.#gone(record, stopGrace))) await this.kill();
        ended();
      });
    });
  }

  /** Forgets the machine without touching it. */
  release(): void {
    const socket = this.#watch;
    this.#watch = undefined;
    socket?.destroy();
  }

  /** Ends it as one shuts down a machine, and by force when that takes too long. Resolves when nothing is left. */
  async stop(): Promise<void> {
    this.release();
    const record = this.process;
    if (record !== undefined) {
      signal(record, 'SIGTERM');
      if (!(await this.#gone(record, stopGrace))) await this.kill();
    }
    await this.clean();
  }

  /** Ends everything in it at once. @throws Error when the kernel does not let go of it */
  async kill(): Promise<void> {
    const record = this.process;
    if (record === undefined) return;
    signal(record, 'SIGKILL');
    if (!(await this.#gone(record, killTimeout))) throw new Error(`process ${record.pid} cannot be ended`);
  }

  /** Removes the control groups of a machine that has ended. @throws Error when something still runs in them */
  async clean(): Promise<void> {
    const { world, cgroups, instanceId, folder } = this.#options;
    const began = world.clock.monotonic();
    while (!cgroups.remove(instanceId)) {
      if (world.clock.monotonic() - began > killTimeout)
        throw new Error(`the control groups of ${instanceId} are still in use`);
      await sleep(world.clock, poll);
    }
    rmSync(folder.recordFile, { force: true });
  }

  /** Removes its disk. It must have ended. */
  async erase(): Promise<void> {
    await rm(this.#options.folder.path, { recursive: true, force: true });
  }

  async #gone(record: ProcessRecord, timeout: number): Promise<boolean> {
    const { clock } = this.#options.world;
    const began = clock.monotonic();
    while (isRunning(record)) {
      if (clock.monotonic() - began > timeout) return false;
      await sleep(clock, poll);
    }
    return true;
  }
}

function signal(record: ProcessRecord, name: NodeJS.Signals): void {
  try {
    if (isRunning(record)) process.kill(record.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Waits beside the machine, and removes what the kernel leaves of it, also when the region process has ended. */
function wrapper(cgroups: readonly string[]): string {
  const groups = cgroups.map(quote).join(' ');
  return [
    'unshare --net --mount --pid --ipc --uts --fork -- sh -c "$1"',
    'status=$?',
    'exec 3>&-',
    'for try in 1 2 3 4 5 6 7 8 9 10; do',
    `  find ${groups} -depth -type d -exec rmdir {} + 2>/dev/null`,
    `  for group in ${groups}; do if [ -e "$group" ]; then sleep 0.1; continue 2; fi; done`,
    '  break',
    'done',
    'exit "$status"',
  ].join('\n');
}

/** The other side is the instance, which may say anything. */
function parseReport(line: string): InitReport | undefined {
  try {
    const report = JSON.parse(line);
    return Array.isArray(report?.services) ? report : undefined;
  } catch {
    return undefined;
  }
}

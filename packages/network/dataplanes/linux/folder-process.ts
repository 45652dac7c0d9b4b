import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sleep, type World } from '@keelson/base';
import { configurationFile, digestOf, readText, replaceText, stateFile } from './process-folder.ts';
import { currentBootId, isRunning, type ProcessRecord, runningProcess, startTimeOf } from './process-record.ts';

export interface FolderProcessOptions {
  readonly world: World;
  /** The process's own: its configuration, its state, its record and its log are in it. */
  readonly folder: string;
  /** What it is, for errors: `the resolver of vpc-1`. */
  readonly title: string;
}

const recordFile = 'process.json';
const logFile = 'process.log';
const startTimeout = 10_000;
const stopTimeout = 5000;
const poll = 5;

/**
 * A process that works from a folder: it follows configuration.json, read at its start and at each SIGHUP, and tells in
 * state.json the digest of the one in force. It outlives whoever started it and is found again by its record. Calls for
 * one folder must not overlap.
 */
export class FolderProcess {
  readonly #options: FolderProcessOptions;

  constructor(options: FolderProcessOptions) {
    this.#options = options;
  }

  /** Which process it is; undefined when none runs. */
  get running(): ProcessRecord | undefined {
    return runningProcess(join(this.#options.folder, recordFile));
  }

  /** Starts `command` with the folder as its last argument. Resolves when it follows the configuration. */
  async start(command: readonly string[], configuration: string): Promise<void> {
    const { folder, world, title } = this.#options;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    rmSync(join(folder, stateFile), { force: true });
    replaceText(folder, configurationFile, configuration);
    const [program = '', ...words] = command;
    const log = openSync(join(folder, logFile), 'w', 0o600);
    const child = spawn(program, [...words, folder], { detached: true, cwd: '/', stdio: ['ignore', log, log] });
    closeSync(log);
    child.on('error', (error) => world.log.error('a process did not begin', { title, error }));
    child.unref();
    const { pid } = child;
    if (pid === undefined) throw new Error(`${program} could not be run`);
    const record: ProcessRecord = { pid, startTime: startTimeOf(pid) ?? '', bootId: currentBootId() };
    replaceText(folder, recordFile, JSON.stringify(record));
    await this.#settle(configuration);
  }

  /** Hands a running process another configuration. Resolves when it follows it. */
  async configure(configuration: string): Promise<void> {
    const { folder } = this.#options;
    if (readText(folder, configurationFile) !== configuration) {
      replaceText(folder, configurationFile, configuration);
      const record = this.running;
      if (record !== undefined) process.kill(record.pid, 'SIGHUP');
    }
    await this.#settle(configuration);
  }

  /** What it says of itself. */
  state(): unknown {
    const text = readText(this.#options.folder, stateFile);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** Resolves when the process is no more. */
  async stop(): Promise<void> {
    const { clock } = this.#options.world;
    const record = this.running;
    if (record === undefined) return;
    process.kill(record.pid, 'SIGTERM');
    const began = clock.monotonic();
    while (isRunning(record)) {
      const waited = clock.monotonic() - began;
      if (waited > 2 * stopTimeout) throw new Error(`process ${record.pid} cannot be ended`);
      if (waited > stopTimeout) process.kill(record.pid, 'SIGKILL');
      await sleep(clock, poll);
    }
  }

  /** Stops it and removes its folder. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#options.folder, { recursive: true, force: true });
  }

  async #settle(configuration: string): Promise<void> {
    const { world, folder, title } = this.#options;
    const digest = digestOf(configuration);
    const began = world.clock.monotonic();
    while ((this.state() as { readonly configuration?: string } | undefined)?.configuration !== digest) {
      const late = world.clock.monotonic() - began > startTimeout;
      if (late || this.running === undefined) {
        const said = readText(folder, logFile)?.trim().slice(-1000);
        throw new Error(`${title} ${late ? 'does not answer' : 'ended'}: ${said}`);
      }
      await sleep(world.clock, poll);
    }
  }
}

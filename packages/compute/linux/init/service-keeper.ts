import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { backoffDelay, sleep, type World } from '@keelson/base';
import { BoundedLogFile } from './bounded-log-file.ts';
import type { InitService, ServiceState } from './init-configuration.ts';

export interface ServiceKeeperOptions {
  readonly world: World;
  readonly service: InitService;
  readonly logFolder: string;
  /** Called whenever `state` is another. */
  readonly changed: () => void;
}

const logLimit = 10 * 2 ** 20;
/** One that ran this long before it ended is started again at once, as if it had never failed. */
const steady = 30_000;
const retry = { initial: 200, longest: 10_000 };

/** Keeps one program running until it is told to stop: starts it again when it ends, later and later. */
export class ServiceKeeper {
  readonly #options: ServiceKeeperOptions;
  readonly #log: BoundedLogFile;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #restarts = 0;
  #lastExit: string | undefined;

  constructor(options: ServiceKeeperOptions) {
    this.#options = options;
    this.#log = new BoundedLogFile(join(options.logFolder, `${options.service.name}.log`), logLimit);
  }

  get state(): ServiceState {
    return {
      name: this.#options.service.name,
      pid: this.#child?.pid,
      restarts: this.#restarts,
      ...(this.#lastExit === undefined ? {} : { lastExit: this.#lastExit }),
    };
  }

  /** Resolves after `stop`, when the program has ended. */
  async run(): Promise<void> {
    const { world, service, changed } = this.#options;
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      const began = world.clock.monotonic();
      this.#lastExit = await this.#once();
      changed();
      if (this.#stopping.signal.aborted) break;
      failures = world.clock.monotonic() - began > steady ? 1 : failures + 1;
      world.log.warn('a service of the instance ended', { service: service.name, exit: this.#lastExit });
      await sleep(world.clock, backoffDelay(retry, failures), this.#stopping.signal);
      this.#restarts++;
    }
    this.#log.close();
  }

  /** Asks the program to end, and ends it after `grace` milliseconds. */
  stop(grace: number): void {
    this.#stopping.abort();
    this.#child?.kill('SIGTERM');
    this.#options.world.clock.setTimer(grace, () => this.#child?.kill('SIGKILL'));
  }

  /** Resolves to how it ended. */
  #once(): Promise<string> {
    const { service, changed } = this.#options;
    const [program = '', ...parameters] = service.command;
    return new Promise((resolve) => {
      const child = spawn(program, parameters, {
        env: { ...process.env, ...service.environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      this.#child = child;
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => this.#log.write(piece));
      const ended = (how: string) => {
        this.#child = undefined;
        // What it started may still hold its output; that is no reason to wait.
        child.stdout.removeAllListeners('data').destroy();
        child.stderr.removeAllListeners('data').destroy();
        resolve(how);
      };
      child.on('error', (error) => ended(error.message));
      child.on('exit', (code, signal) => ended(code === null ? `signal ${signal}` : `exit code ${code}`));
      child.on('spawn', changed);
    });
  }
}

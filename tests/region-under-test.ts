import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runningProcess } from '@keelson/app/process/process-file.ts';

const root = join(import.meta.dirname, '..');

/** The program under test: the launcher at the root of the checkout, or the bundle that KEELSON_PROGRAM names. */
const program = process.env['KEELSON_PROGRAM'] ?? join(root, 'keelson');

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Milliseconds, after which the process is killed. */
  readonly limit?: number;
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** Runs a program to its end. @throws Error when it cannot be started, or does not end in time */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { input, cwd, user, limit = 120_000 } = options;
  const settings: SpawnOptions = { stdio: ['pipe', 'pipe', 'pipe'], cwd: cwd ?? root, ...user };
  const child = spawn(command, args, { ...settings, env: { ...process.env, ...options.env } });
  child.stdin!.on('error', () => {});
  child.stdin!.end(input ?? '');
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr!.setEncoding('utf8').on('data', (text) => (stderr += text));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${command} ${args.join(' ')} did not end within ${limit} ms\n${stdout}${stderr}`));
    }, limit);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ status: code ?? (signal === null ? 1 : 128), stdout, stderr });
    });
  });
}

/** Whether a program is on the PATH and starts for `user`. */
export async function starts(command: string, args: readonly string[], user?: RunOptions['user']): Promise<boolean> {
  const options = user === undefined ? {} : { user, env: { HOME: '/nonexistent' }, cwd: '/' };
  return run(command, args, options).then(
    (outcome) => outcome.status === 0,
    () => false,
  );
}

/** A TCP port of the loopback address that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Waits until `look` answers something else than undefined or false. @throws Error with the last failure in it */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  limit = 60_000,
): Promise<T> {
  const deadline = performance.now() + limit;
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline)
      throw new Error(`not within ${limit} ms: ${what}${last ? ` (${(last as Error).message})` : ''}`);
    await delay(50);
  }
}

/** Seconds of CPU time that a process has used (utime and stime of /proc/PID/stat). */
export function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** A region in real processes with simulated compute, in a data directory and on a port of its own. */
export class RegionUnderTest {
  readonly data: string;
  readonly port: number;
  readonly user: RunOptions['user'];
  #env: Record<string, string> = {};
  readonly #children = new Set<ChildProcess>();

  private constructor(data: string, port: number, user: RunOptions['user']) {
    this.data = data;
    this.port = port;
    this.user = user;
  }

  /** Makes the directory and picks the port; nothing runs yet. */
  static async prepare(user?: RunOptions['user']): Promise<RegionUnderTest> {
    const data = mkdtempSync(join(tmpdir(), 'keelson-'));
    chmodSync(data, 0o700);
    if (user) chownSync(data, user.uid, user.gid);
    return new RegionUnderTest(data, await freePort(), user);
  }

  /** `up`, and what `env` prints becomes the environment of every later command. */
  static async start(user?: RunOptions['user'], flags: readonly string[] = []): Promise<RegionUnderTest> {
    const region = await RegionUnderTest.prepare(user);
    try {
      await region.up('simulated', ...flags);
      return region;
    } catch (error) {
      await region.remove();
      throw error;
    }
  }

  async up(compute: 'linux' | 'simulated' = 'simulated', ...flags: string[]): Promise<string> {
    const { stdout } = await this.keelson('up', '--port', String(this.port), '--compute', compute, ...flags);
    const { stdout: lines } = await this.keelson('env');
    for (const [, name, value] of lines.matchAll(/^export (\w+)='(.*)'$/gm)) this.#env[name!] = value!;
    return stdout;
  }

  get env(): Record<string, string | undefined> {
    const own = { KEELSON_DATA: this.data, AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
    return { AWS_PROFILE: undefined, AWS_SESSION_TOKEN: undefined, HOME: this.data, ...own, ...this.#env };
  }

  #options(options: RunOptions): RunOptions {
    const user = this.user ? { user: this.user } : {};
    return { ...user, ...options, env: { ...this.env, ...options.env } };
  }

  /** Runs a client against the region, whatever its outcome. */
  try(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return command === 'keelson'
      ? program.endsWith('.mjs')
        ? run(process.execPath, [program, ...args], this.#options(options))
        : run(program, args, this.#options(options))
      : run(command, command === 'aws' ? [...args, ...this.#endpoint()] : args, this.#options(options));
  }

  /** Given always, for an aws of before 2.13 does not heed AWS_ENDPOINT_URL and would talk to AWS itself. */
  #endpoint(): string[] {
    const url = this.#env['AWS_ENDPOINT_URL'];
    return url === undefined ? [] : ['--endpoint-url', url];
  }

  /** Runs a client that must succeed. @throws Error with what it said */
  async must(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const outcome = await this.try(command, args, options);
    if (outcome.status === 0) return outcome;
    throw new Error(`${command} ${args.join(' ')} ended with ${outcome.status}\n${outcome.stdout}${outcome.stderr}`);
  }

  keelson(...args: string[]): Promise<Outcome> {
    return this.must('keelson', args);
  }

  /** The text that kubectl prints. */
  async kubectl(...args: string[]): Promise<string> {
    return (await this.must('kubectl', args)).stdout;
  }

  /** What aws prints, as JSON. */
  async aws(...args: string[]): Promise<any> {
    const { stdout } = await this.must('aws', [...args, '--output', 'json']);
    return stdout.trim() === '' ? undefined : JSON.parse(stdout);
  }

  /** The text of the error that a command must end with. */
  async refused(command: string, ...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.try(command, args);
    if (status === 0) throw new Error(`${command} ${args.join(' ')} succeeded\n${stdout}`);
    return stderr.trim();
  }

  /** Starts a client that goes on; it ends with the region at the latest. */
  watch(command: string, args: readonly string[]): ChildProcess {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.env },
      ...this.user,
    });
    this.#children.add(child);
    child.on('close', () => this.#children.delete(child));
    return child;
  }

  /** The pid of the region's process, while it runs. */
  regionProcess(): number | undefined {
    return runningProcess(join(this.data, 'run', 'region.json'));
  }

  /** The pid of a control plane's process, while it runs. */
  clusterProcess(name: string): number | undefined {
    return runningProcess(join(this.data, 'run', `cluster-${name}.json`));
  }

  /** Pids of all that runs for this region. */
  processes(): number[] {
    const run = join(this.data, 'run');
    if (!existsSync(run)) return [];
    const records = readdirSync(run).filter((name) => name.endsWith('.json'));
    return records.map((name) => runningProcess(join(run, name))).filter((pid) => pid !== undefined);
  }

  /** Ends everything and removes the directory. */
  async remove(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await this.try('keelson', ['down']).catch(() => {});
    for (const pid of this.processes()) process.kill(pid, 'SIGKILL');
    rmSync(this.data, { recursive: true, force: true });
  }
}

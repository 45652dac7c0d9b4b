import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Why tests with a real etcd cannot run here; false when they can. */
export function etcdMissing(): string | false {
  return spawnSync('etcd', ['--version']).status === 0 ? false : 'the etcd binary is not installed (etcd-server)';
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** An etcd of its own on loopback, for tests: quick elections, so that leases of one second are possible. */
export class EtcdProcess {
  readonly #directory: string;
  readonly #extra: readonly string[];
  readonly endpoint: string;
  readonly #peer: string;
  #child: ChildProcess | undefined;

  constructor(directory: string, ports: { client: number; peer: number }, scheme = 'http', extra: string[] = []) {
    this.#directory = directory;
    this.#extra = extra;
    this.endpoint = `${scheme}://127.0.0.1:${ports.client}`;
    this.#peer = `http://127.0.0.1:${ports.peer}`;
  }

  /** Resolves when it serves clients. */
  async start(): Promise<void> {
    const settings: Record<string, string> = {
      name: 'test',
      'data-dir': this.#directory,
      'listen-client-urls': this.endpoint,
      'advertise-client-urls': this.endpoint,
      'listen-peer-urls': this.#peer,
      'initial-advertise-peer-urls': this.#peer,
      'initial-cluster': `test=${this.#peer}`,
      'heartbeat-interval': '50',
      'election-timeout': '500',
      logger: 'zap',
      'log-outputs': 'stderr',
    };
    const flags = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    const child = spawn('etcd', [...flags, ...this.#extra], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    let output = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr!.on('data', (chunk) => {
        output = (output + chunk).slice(-20_000);
        if (/serving (insecure )?client (requests|traffic)|serving insecure client requests/.test(output)) resolve();
      });
      child.once('exit', (code) => reject(new Error(`etcd ended with ${code}: ${output}`)));
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }
}

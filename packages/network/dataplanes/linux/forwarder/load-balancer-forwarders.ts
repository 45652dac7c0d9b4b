import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { sleep, type World } from '@keelson/base';
import type { LoadBalancer } from '@keelson/model/region/object-types.ts';
import { inNamespace } from '../namespaces.ts';
import { currentBootId, isRunning, type ProcessRecord, runningProcess, startTimeOf } from '../process-record.ts';
import type { ForwarderConfiguration, ForwarderState, TargetHealth } from './forwarder-configuration.ts';
import { configurationDigest } from './forwarder-process.ts';

export interface LoadBalancerForwardersOptions {
  readonly world: World;
  /** In the data directory: each load balancer has a folder in it. */
  readonly folder: string;
  /** The command that runs main.ts, or what was bundled from it. */
  readonly program: readonly string[];
  /** The path of a VPC's network namespace. */
  namespaceOf(vpcId: string): string;
}

interface Settled {
  readonly hostAddress: string;
  readonly vpcId: string;
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
}

const startTimeout = 10_000;
const stopTimeout = 5000;
const poll = 5;

/**
 * Forwards for load balancers by a process for each, which lives in the VPC's namespace and has inherited its listener
 * on the host's loopback. The processes outlive the region process and are found again by their records. New targets
 * reach a running one; other ports, addresses or another VPC start it anew.
 */
export class LoadBalancerForwarders {
  readonly forwards = true;
  readonly #options: LoadBalancerForwardersOptions;

  constructor(options: LoadBalancerForwardersOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the listeners answer at `hostAddress` and in the VPC.
   * @throws Error when a port is taken, or the protocol of a listener is not forwarded
   */
  async ensure(loadBalancer: LoadBalancer, hostAddress: string): Promise<void> {
    const { spec, metadata, status } = loadBalancer;
    const name = metadata.name!;
    const other = spec.listeners.find(({ protocol }) => protocol !== 'TCP');
    if (other !== undefined)
      throw new Error(`the listener on port ${other.port} is of protocol ${other.protocol}; only TCP is forwarded`);
    const addresses = status?.addresses ?? [];
    const settled = { hostAddress, vpcId: spec.vpcId, addresses, ports: spec.listeners.map(({ port }) => port) };
    const configuration: ForwarderConfiguration = {
      addresses,
      listeners: spec.listeners.map(({ port, targets, healthCheckPort }, index) => ({
        port,
        descriptor: 3 + index,
        targets: targets.map((target) => ({ address: target.address, port: target.port })),
        healthCheckPort,
      })),
    };
    const text = JSON.stringify(configuration);
    const record = this.#process(name);
    if (record !== undefined && JSON.stringify(settled) === this.#read(name, 'settled.json')) {
      if (this.#read(name, 'configuration.json') !== text) {
        this.#write(name, 'configuration.json', text);
        process.kill(record.pid, 'SIGHUP');
      }
    } else {
      await this.#stop(name);
      await this.#start(name, settled, text);
    }
    await this.#settle(name, text);
  }

  /** Resolves when nothing of it listens any more. */
  async remove(name: string): Promise<void> {
    await this.#stop(name);
    rmSync(this.#folder(name), { recursive: true, force: true });
  }

  /** The names of the load balancers that have a process, or had one. */
  list(): string[] {
    mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 });
    return readdirSync(this.#options.folder);
  }

  /** How its targets fare; empty when nothing is known. */
  targetHealth(name: string): readonly TargetHealth[] {
    return this.#state(name)?.targetHealth ?? [];
  }

  #folder(name: string): string {
    return join(this.#options.folder, name);
  }

  #process(name: string): ProcessRecord | undefined {
    return runningProcess(join(this.#folder(name), 'process.json'));
  }

  #read(name: string, file: string): string | undefined {
    try {
      return readFileSync(join(this.#folder(name), file), 'utf8');
    } catch {
      return undefined;
    }
  }

  #write(name: string, file: string, text: string): void {
    const path = join(this.#folder(name), file);
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  #state(name: string): ForwarderState | undefined {
    const text = this.#read(name, 'state.json');
    return text === undefined ? undefined : JSON.parse(text);
  }

  async #start(name: string, settled: Settled, configuration: string): Promise<void> {
    const folder = this.#folder(name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    rmSync(join(folder, 'state.json'), { force: true });
    this.#write(name, 'configuration.json', configuration);
    this.#write(name, 'settled.json', JSON.stringify(settled));
    const listeners: Server[] = [];
    try {
      for (const port of settled.ports) listeners.push(await openListener(settled.hostAddress, port));
      const namespace = this.#options.namespaceOf(settled.vpcId);
      const [command, ...parameters] = inNamespace(namespace, [...this.#options.program, folder]);
      const log = openSync(join(folder, 'forwarder.log'), 'w', 0o600);
      const child = spawn(command!, parameters, {
        detached: true,
        cwd: '/',
        stdio: ['ignore', log, log, ...listeners.map(descriptorOf)],
      });
      closeSync(log);
      child.on('error', (error) => this.#options.world.log.error('a forwarder did not begin', { name, error }));
      child.unref();
      const pid = child.pid;
      if (pid === undefined) throw new Error(`${command} could not be run`);
      const record: ProcessRecord = { pid, startTime: startTimeOf(pid) ?? '', bootId: currentBootId() };
      this.#write(name, 'process.json', JSON.stringify(record));
    } finally {
      // The child has copies of its own; these must not take connections.
      for (const listener of listeners) listener.close();
    }
  }

  /** Waits until the process follows the configuration. */
  async #settle(name: string, text: string): Promise<void> {
    const { clock } = this.#options.world;
    const digest = configurationDigest(text);
    const began = clock.monotonic();
    while (this.#state(name)?.configuration !== digest) {
      const late = clock.monotonic() - began > startTimeout;
      if (late || this.#process(name) === undefined) {
        const said = this.#read(name, 'forwarder.log')?.trim().slice(-1000);
        throw new Error(`the forwarder of ${name} ${late ? 'does not answer' : 'ended'}: ${said}`);
      }
      await sleep(clock, poll);
    }
  }

  async #stop(name: string): Promise<void> {
    const { clock } = this.#options.world;
    const record = this.#process(name);
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
}

function openListener(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
}

/** Node has no public name for a listener's descriptor, which a child inherits by its number. */
function descriptorOf(server: Server): number {
  return (server as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
}

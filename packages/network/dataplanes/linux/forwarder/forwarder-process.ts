import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, sleep, type World } from '@keelson/base';
import type { ForwarderConfiguration, ForwarderListener, ForwarderState } from './forwarder-configuration.ts';
import { HealthChecker } from './health-checker.ts';
import { TargetGroup } from './target-group.ts';
import { TcpForwarder } from './tcp-forwarder.ts';

const thresholds = { healthy: 2, unhealthy: 2 };
const interval = 2000;
const timeout = 2000;
const retryDelay = 50;

interface Running {
  readonly group: TargetGroup;
  readonly forwarder: TcpForwarder;
  readonly checker: HealthChecker;
}

export function configurationDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Forwards for one load balancer, from inside its VPC's network namespace. It works from a folder: configuration.json
 * says what to do and state.json how it goes, so it needs no one who started it.
 */
export class ForwarderProcess {
  readonly #world: World;
  readonly #folder: string;
  readonly #running = new Map<number, Running>();
  #digest = '';
  #problem: string | undefined;
  readonly #retry = new AbortController();

  constructor(world: World, folder: string) {
    this.#world = world;
    this.#folder = folder;
  }

  /** Reads the configuration and follows it. Ports and addresses are settled by the first one; targets by each. */
  async load(): Promise<void> {
    const text = readFileSync(join(this.#folder, 'configuration.json'), 'utf8');
    const configuration: ForwarderConfiguration = JSON.parse(text);
    for (const listener of configuration.listeners) {
      const running = this.#running.get(listener.port) ?? (await this.#begin(listener, configuration.addresses));
      running.group.replace(listener.targets);
      running.checker.hurry();
    }
    this.#digest = configurationDigest(text);
    this.#tell();
  }

  stop(): void {
    this.#retry.abort();
    for (const { forwarder, checker } of this.#running.values()) {
      checker.stop();
      forwarder.close();
    }
  }

  async #begin(listener: ForwarderListener, addresses: readonly string[]): Promise<Running> {
    const { clock } = this.#world;
    const group = new TargetGroup(thresholds);
    const shared = { clock, group, sourceAddress: addresses[0] };
    const forwarder = new TcpForwarder(shared);
    const { healthCheckPort } = listener;
    const checker = new HealthChecker({ ...shared, healthCheckPort, interval, timeout, changed: () => this.#tell() });
    const running = { group, forwarder, checker };
    this.#running.set(listener.port, running);
    if (listener.descriptor !== undefined) await forwarder.listen({ fd: listener.descriptor });
    const [source, ...others] = addresses.map((host) => this.#listen(forwarder, host, listener.port));
    void Promise.all(others);
    // Checks come from the first address: before the VPC has it they would all fail.
    void (source ?? Promise.resolve()).then(() => checker.run());
    return running;
  }

  /** The VPC may be about to get the address: tries until it is there. */
  async #listen(forwarder: TcpForwarder, host: string, port: number): Promise<void> {
    while (!this.#retry.signal.aborted) {
      try {
        await forwarder.listen({ host, port });
        if (this.#problem !== undefined) {
          this.#problem = undefined;
          this.#tell();
        }
        return;
      } catch (error) {
        const problem = messageOf(error);
        if (problem !== this.#problem) {
          this.#problem = problem;
          this.#tell();
        }
        await sleep(this.#world.clock, retryDelay, this.#retry.signal);
      }
    }
  }

  #tell(): void {
    const state: ForwarderState = {
      configuration: this.#digest,
      targetHealth: [...this.#running.values()].flatMap(({ group }) => group.health),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    };
    const path = join(this.#folder, 'state.json');
    writeFileSync(`${path}.new`, JSON.stringify(state), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}

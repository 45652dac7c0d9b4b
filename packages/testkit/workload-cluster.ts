import { createLog, formatLogEntry, rfc3339, type VirtualClock, type World } from '@keelson/base';
import { type Client, kubernetesResources, type ResourceRef } from '@keelson/client';
import { type Controller, type RunningControllers, runControllers } from '@keelson/controller-kit';
import type { ApiObject } from '@keelson/model';
import type { Deployment } from '@keelson/model/generated/types/apps-v1.ts';
import type { Event, Pod } from '@keelson/model/generated/types/core-v1.ts';
import { ApiInProcess } from './api-in-process.ts';
import { PodRunner } from './pod-runner.ts';

const { deployments, events, nodes, pods } = kubernetesResources;

/** Controllers on the real API server with nodes that run pods in a second, all on virtual time. */
export class WorkloadCluster {
  readonly api: ApiInProcess;
  readonly runner: PodRunner;
  readonly #make: readonly (() => Controller)[];
  readonly #log: World['log'];
  #running: RunningControllers | undefined;

  private constructor(api: ApiInProcess, make: readonly (() => Controller)[], runner: PodRunner) {
    this.api = api;
    this.#make = make;
    this.runner = runner;
    const shown = process.env['KEELSON_TEST_LOG'];
    this.#log = shown
      ? createLog(api.world.clock, (entry) => process.stdout.write(`${formatLogEntry(entry)}\n`), 'debug')
      : api.world.log;
  }

  /** `names` are the nodes, in zones a, b and c in turn. */
  static async start(
    make: readonly (() => Controller)[],
    options: { readonly nodes?: readonly string[]; readonly runner?: PodRunner; readonly seed?: string } = {},
  ): Promise<WorkloadCluster> {
    const api = await ApiInProcess.start(options.seed ?? 'workloads');
    const cluster = new WorkloadCluster(api, make, options.runner ?? new PodRunner());
    for (const [index, name] of (options.nodes ?? ['n1', 'n2', 'n3']).entries())
      await cluster.addNode(name, 'abc'[index % 3]!);
    cluster.startControllers();
    return cluster;
  }

  get client(): Client {
    return this.api.client;
  }

  get clock(): VirtualClock {
    return this.api.world.clock;
  }

  startControllers(): void {
    this.#running = runControllers({
      controllers: [...this.#make, () => this.runner],
      client: this.client,
      world: { ...this.api.world, log: this.#log },
      freeze: true,
    });
  }

  async stopControllers(): Promise<void> {
    await this.#running?.stop();
  }

  async stop(): Promise<void> {
    await this.stopControllers();
    await this.api.down();
  }

  /** Adds a node that has just said it is ready. */
  async addNode(name: string, zone: string): Promise<void> {
    const client = this.client.resource(nodes);
    const labels = { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': zone };
    await client.create({ metadata: { name, labels } });
    const now = rfc3339(this.clock.now());
    const condition = {
      type: 'Ready',
      status: 'True',
      reason: 'KubeletReady',
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    };
    await client.patch(name, undefined, { status: { conditions: [condition] } }, { subresource: 'status' });
  }

  create<T extends ApiObject>(ref: ResourceRef<T>, object: T): Promise<T> {
    return this.client.resource(ref).create(object);
  }

  async list<T extends ApiObject>(ref: ResourceRef<T>, labelSelector?: string): Promise<T[]> {
    return (await this.client.resource(ref).list({ labelSelector })).items;
  }

  /** Moves time until `condition` holds of what the API says; false when it did not within `limit` milliseconds. */
  async eventually(condition: () => Promise<boolean>, limit = 120_000): Promise<boolean> {
    const end = this.clock.now() + limit;
    while (this.clock.now() <= end) {
      await this.clock.advance(0);
      if (await condition()) return true;
      await this.clock.advance(250);
    }
    return false;
  }

  /** The Events about an object, as `reason: message` in the order they were written. */
  async eventsAbout(name: string): Promise<string[]> {
    const found: Event[] = await this.list(events);
    return found
      .filter(({ involvedObject }) => involvedObject.name === name)
      .toSorted((left, right) => (left.metadata!.name! < right.metadata!.name! ? -1 : 1))
      .map(({ reason, message }) => `${reason}: ${message}`);
  }

  readyPods(labelSelector?: string): Promise<Pod[]> {
    return this.list(pods, labelSelector).then((found) =>
      found.filter(
        ({ status, metadata }) =>
          metadata?.deletionTimestamp === undefined &&
          status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True'),
      ),
    );
  }
}

/** A Deployment of one container in `default`, selecting `app=<name>`. */
export function deploymentOf(name: string, replicas: number, image = 'nginx:1.21', more: object = {}): Deployment {
  const labels = { app: name };
  return {
    metadata: { name, namespace: 'default', labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image }] } },
      ...more,
    },
  };
}

export const deploymentsOf = (cluster: WorkloadCluster) => cluster.client.resource(deployments);

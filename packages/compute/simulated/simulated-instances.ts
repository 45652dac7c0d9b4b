import type { Duplex } from 'node:stream';
import { messageOf, newUid, type World } from '@keelson/base';
import { type Client, createClient, type Send, SharedCaches } from '@keelson/client';
import { EventBroadcaster } from '@keelson/controller-kit';
import { createKubelet, type Kubelet, MemoryPodFiles, SimulatedProber, SimulatedRuntime } from '@keelson/kubelet';
import type { NodeConfig } from '@keelson/model/region/node-config.ts';
import { addressAt, formatAddress, parseCidr } from '@keelson/network';
import type { InstanceDriver, InstancePlan } from '../instance-driver.ts';
import { describeNode, factsOf } from '../node-description.ts';
import { announceShutdown } from '../node-shutdown.ts';
import { PodAddressPool } from '../pod-addresses.ts';

/** A way to a cluster's API server with the credentials of one instance. */
export interface ClusterConnection {
  readonly send: Send;
  close(): void;
}

export interface SimulatedInstancesOptions {
  readonly world: World;
  readonly region: string;
  /** Of the region's API: where addresses come from. */
  readonly client: Client;
  /** Connects to the cluster that the instance is to join, as its node role. */
  connect(plan: InstancePlan, node: NodeConfig): ClusterConnection;
  /** Makes the instance's kubelet reachable for its cluster's API server; returns what ends that. */
  expose?(instanceId: string, serve: (connection: Duplex) => void): () => void;
}

interface Agent {
  /** `announced`: the machine shuts down, and its cluster is told; else only this process lets go of it. */
  stop(announced: boolean): Promise<void>;
}

const diskGiB = 20;

/**
 * Instances without machines: each is a kubelet of this process on a simulated runtime. Everything that is seen from
 * outside (registration, leases, pod states, addresses) is as with a real one; no container runs, and the node's runtime
 * version says so. They end with the process, and start anew with the next one, as machines after a reboot.
 */
export class SimulatedInstances implements InstanceDriver {
  readonly name = 'simulated';
  readonly #options: SimulatedInstancesOptions;
  readonly #agents = new Map<string, Agent>();

  constructor(options: SimulatedInstancesOptions) {
    this.#options = options;
  }

  async start(plan: InstancePlan): Promise<void> {
    const id = plan.instance.metadata.name!;
    if (this.#agents.has(id)) return;
    this.#agents.set(id, plan.node ? this.#join(plan, plan.node) : { stop: async () => {} });
  }

  stop(instanceId: string): Promise<void> {
    return this.#end(instanceId, true);
  }

  async #end(instanceId: string, announced: boolean): Promise<void> {
    const agent = this.#agents.get(instanceId);
    this.#agents.delete(instanceId);
    await agent?.stop(announced);
  }

  terminate(instanceId: string): Promise<void> {
    return this.stop(instanceId);
  }

  async running(): Promise<readonly string[]> {
    return [...this.#agents.keys()];
  }

  onExit(): () => void {
    // What has no machine cannot crash by itself.
    return () => {};
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.keys()].map((id) => this.#end(id, false)));
  }

  #join(plan: InstancePlan, node: NodeConfig): Agent {
    const { world, region, client, connect } = this.#options;
    const name = plan.instance.spec.privateDnsName;
    const log = world.log.with({ instance: plan.instance.metadata.name, node: name });
    const connection = connect(plan, node);
    const cluster = createClient({ send: connection.send, clock: world.clock, userAgent: 'kubelet' });
    const caches = new SharedCaches({ client: cluster, world: { ...world, log } });
    const events = new EventBroadcaster({ client: cluster, world, host: name });
    const addresses = new PodAddressPool({ world, client, instance: plan.instance, type: plan.type });
    const system = { kernelVersion: 'simulated', osImage: 'Amazon Linux 2023 (simulated)', port: 0, diskGiB };
    const bootId = newUid(world.random);
    const description = describeNode(factsOf(plan, region), system, bootId);
    const kubelet: Kubelet = createKubelet({
      world: { ...world, log },
      client: cluster,
      caches,
      recorder: events.recorder('kubelet'),
      runtime: new SimulatedRuntime({
        world,
        addresses: {
          claim: async () => [await addresses.claim()],
          release: (given) => {
            for (const address of given) addresses.release(address);
          },
        },
      }),
      prober: new SimulatedProber(),
      files: new MemoryPodFiles(),
      description: () => description,
      resolver: {
        node: { servers: ['169.254.169.253'], searches: [`${region}.compute.internal`], options: [] },
        clusterServers: clusterDns(node.serviceCidr),
        clusterDomain: 'cluster.local',
      },
      minor: plan.image?.minor ?? 36,
    });
    const started = kubelet
      .start()
      .catch((error: unknown) => log.error('a simulated node did not start', { error: messageOf(error) }));
    const hide = this.#options.expose?.(plan.instance.metadata.name!, (one) => kubelet.server.serve(one)) ?? (() => {});
    return {
      stop: async (announced) => {
        hide();
        kubelet.server.close();
        await kubelet.stop();
        if (announced) await announceShutdown(cluster, world.clock, name);
        caches.stop();
        await events.stop();
        connection.close();
        await started;
      },
    };
  }
}

function clusterDns(serviceCidr: string): string[] {
  const cidr = parseCidr(serviceCidr);
  return cidr ? [formatAddress(addressAt(cidr, 10))] : [];
}

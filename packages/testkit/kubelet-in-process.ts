import { kubernetesResources, type ResourceClient, SharedCaches } from '@keelson/client';
import { EventBroadcaster } from '@keelson/controller-kit';
import { createKubelet, type Kubelet } from '@keelson/kubelet/kubelet.ts';
import type { NodeDescription } from '@keelson/kubelet/node/node-description.ts';
import { SimulatedProber } from '@keelson/kubelet/runtimes/simulated/simulated-prober.ts';
import { addressesFrom, SimulatedRuntime } from '@keelson/kubelet/runtimes/simulated/simulated-runtime.ts';
import { MemoryPodFiles } from '@keelson/kubelet/volumes/memory-pod-files.ts';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { ApiInProcess } from './api-in-process.ts';

/** A node of two cores and 4 GiB. */
export const description: NodeDescription = {
  name: 'n1',
  labels: { 'kubernetes.io/hostname': 'n1', 'topology.kubernetes.io/zone': 'a' },
  taints: [{ key: 'dedicated', value: 'x', effect: 'NoSchedule' }],
  providerID: 'aws:///a/i-1',
  addresses: [
    { type: 'InternalIP', address: '172.31.1.10' },
    { type: 'Hostname', address: 'n1' },
  ],
  capacity: { cpu: '2', memory: '4Gi', pods: '17', 'ephemeral-storage': '20Gi' },
  allocatable: { cpu: '1930m', memory: '3Gi', pods: '17', 'ephemeral-storage': '18Gi' },
  info: {
    machineID: 'm',
    systemUUID: 's',
    bootID: 'b',
    kernelVersion: '6.1',
    osImage: 'Keelson',
    kubeletVersion: 'v1.33.0',
    operatingSystem: 'linux',
    architecture: 'amd64',
  },
  port: 10250,
};

/** A kubelet with simulated containers on an API server in this process, in virtual time. */
export class KubeletInProcess {
  readonly api: ApiInProcess;
  readonly pods: ResourceClient<Pod>;
  readonly #kubelet: Kubelet;
  readonly #caches: SharedCaches;
  readonly #broadcaster: EventBroadcaster;

  private constructor(api: ApiInProcess) {
    const { client, world } = api;
    this.api = api;
    this.pods = client.resource(kubernetesResources.pods);
    this.#caches = new SharedCaches({ client, world, freeze: true });
    this.#broadcaster = new EventBroadcaster({ client, world, host: 'n1' });
    this.#kubelet = createKubelet({
      world,
      client,
      caches: this.#caches,
      recorder: this.#broadcaster.recorder('kubelet'),
      runtime: new SimulatedRuntime({ world, addresses: addressesFrom('10.1') }),
      prober: new SimulatedProber(),
      files: new MemoryPodFiles(),
      description: () => description,
      resolver: {
        node: { servers: [], searches: [], options: [] },
        clusterServers: [],
        clusterDomain: 'cluster.local',
      },
      minor: 35,
    });
  }

  static async start(): Promise<KubeletInProcess> {
    const node = new KubeletInProcess(await ApiInProcess.start('kubelet'));
    const starting = node.#kubelet.start();
    await node.api.world.clock.advance(2_000);
    await starting;
    return node;
  }

  /** Creates a pod on the node, and gives it time to run. */
  async run({ name, ...spec }: { readonly name: string; readonly containers: object[] }): Promise<void> {
    await this.pods.create({ metadata: { name, namespace: 'default' }, spec: { nodeName: 'n1', ...spec } } as Pod);
    await this.api.world.clock.advance(10_000);
  }

  async stop(): Promise<void> {
    const stopping = this.#kubelet.stop();
    await this.api.world.clock.advance(10_000);
    await stopping;
    this.#caches.stop();
    await this.#broadcaster.stop();
    await this.api.down();
  }
}

import type { World } from '@keelson/base';
import { type Client, kubernetesResources, type SharedCaches } from '@keelson/client';
import type { EventRecorder } from '@keelson/controller-kit';
import type { Pod, Service } from '@keelson/model/generated/types/core-v1.ts';
import { ImagePuller } from './images/image-puller.ts';
import type { KubeletContext } from './kubelet-context.ts';
import type { NodeResolver } from './network/resolver-plan.ts';
import { keepHouse } from './node/housekeeping.ts';
import type { NodeDescription } from './node/node-description.ts';
import { NodeKeeper, type NodeKeeperOptions } from './node/node-keeper.ts';
import { ObjectSource } from './object-source.ts';
import { rejectionOf, resizeRefusalOf } from './pods/pod-admission.ts';
import { type PodSource, watchedPods } from './pods/pod-source.ts';
import { PodWorker } from './pods/pod-worker.ts';
import { StatusWriter } from './pods/status-writer.ts';
import type { Prober } from './probes/prober.ts';
import { type Runtime, runtimeMessage } from './runtime.ts';
import { createKubeletServer, type KubeletServer } from './server/kubelet-server.ts';
import type { NodePods } from './server/pod-lookup.ts';
import type { PodFiles } from './volumes/pod-files.ts';

export interface KubeletOptions {
  readonly world: World;
  readonly client: Client;
  /** Watches of this kubelet's own, with its credentials. */
  readonly caches: SharedCaches;
  /** Names `kubelet` as the source of Events, and the node as the host. */
  readonly recorder: EventRecorder;
  readonly runtime: Runtime;
  readonly prober: Prober;
  readonly files: PodFiles;
  /** Read each time: addresses and capacity may change. */
  description(): NodeDescription;
  readonly resolver: NodeResolver;
  /** By default a watch of the node's own pods. */
  readonly pods?: PodSource;
  /** By default a watch of all Services. */
  services?(): readonly Service[];
  /** By default of its own; simulated nodes of one process share one. */
  readonly objects?: ObjectSource;
  /** The Kubernetes minor whose texts are used. Default 36. */
  readonly minor?: number;
  /** Default /var/log/pods. */
  readonly logRoot?: string;
  /** Under which cgroup pods have theirs. Default /kubepods. */
  readonly cgroupRoot?: string;
  readonly lease?: Pick<NodeKeeperOptions, 'leaseSeconds' | 'statusSeconds' | 'reportSeconds'>;
}

/** A kubelet that runs from `start` to `stop`. */
export interface Kubelet {
  /** Resolves when the node is registered and its pods are known. */
  start(): Promise<void>;
  /** Ends the kubelet and leaves everything that runs: the next one takes it over. */
  stop(): Promise<void>;
  /** The pods that are bound to the node, as it knows them. */
  pods(): readonly Pod[];
  /** Its HTTP API, for the API server. It listens nowhere until it is told to. */
  readonly server: KubeletServer;
}

/** Runs the pods that are bound to one node, and keeps the node's own objects. */
export function createKubelet(options: KubeletOptions): Kubelet {
  return new NodeAgent(options);
}

class NodeAgent implements Kubelet {
  readonly server: KubeletServer;
  readonly #options: KubeletOptions;
  readonly #context: KubeletContext;
  readonly #keeper: NodeKeeper;
  readonly #source: PodSource;
  readonly #stop = new AbortController();
  readonly #workers = new Map<string, PodWorker>();
  /** The uid of the pod that has a key now: one of the same name may still be ending. */
  readonly #uids = new Map<string, string>();
  readonly #endings: (() => void)[] = [];
  #housekeeping: Promise<void> = Promise.resolve();

  constructor(options: KubeletOptions) {
    const { world, client, runtime, caches, description, lease, minor = 36 } = options;
    this.#options = options;
    this.#source = options.pods ?? watchedPods(caches);
    this.#keeper = new NodeKeeper({
      world,
      client,
      runtime,
      description: () => description(),
      onReady: (ready) => this.#tellOfNode(ready ? 'NodeReady' : 'NodeNotReady'),
      ...lease,
    });
    const serviceCache = options.services ? undefined : caches.of(kubernetesResources.services);
    this.#context = {
      world,
      client,
      runtime,
      runtimeScheme: 'containerd',
      files: options.files,
      recorder: options.recorder,
      images: new ImagePuller(runtime, world.clock, minor),
      objects: options.objects ?? new ObjectSource(client, world.clock),
      prober: options.prober,
      statuses: new StatusWriter(client, world, this.#stop.signal),
      resolver: options.resolver,
      nodeName: description().name,
      minor,
      logRoot: options.logRoot ?? '/var/log/pods',
      cgroupRoot: options.cgroupRoot ?? '/kubepods',
      resizeRefusal: (pod) => resizeRefusalOf(pod, this.#othersThan(pod.metadata?.uid), this.#context.node()),
      services: () => options.services?.() ?? serviceCache!.list(),
      node: () => this.#keeper.node,
      hostAddresses: () => internalAddresses(description()),
      networkStatus: () => this.#keeper.runtimeStatus.network,
    };
    this.server = createKubeletServer({ world, runtime, node: this.#nodePods(), nodeName: description().name });
  }

  #tellOfNode(reason: 'NodeReady' | 'NodeNotReady'): void {
    const { nodeName, recorder } = this.#context;
    recorder.event(nodeReference(nodeName), 'Normal', reason, `Node ${nodeName} status is now: ${reason}`);
  }

  /** What the server may ask. */
  #nodePods(): NodePods {
    return { pods: () => this.pods(), statusOf: (uid) => this.#context.statuses.lastOf(uid) };
  }

  async start(): Promise<void> {
    const { runtime, caches } = this.#options;
    const changed = (uid: string) => (uid === '' ? this.#keeper.look() : this.#workers.get(uid)?.wake());
    this.#endings.push(runtime.onChange(changed));
    const { nodeName, recorder } = this.#context;
    recorder.event(nodeReference(nodeName), 'Normal', 'Starting', 'Starting kubelet.');
    await this.#keeper.start();
    if (this.#stop.signal.aborted) return;
    await this.#source.synced(this.#context.nodeName);
    if (!this.#options.services) await caches.of(kubernetesResources.services).synced;
    this.#endings.push(this.#source.subscribe(this.#context.nodeName, (before, now) => this.#podChanged(before, now)));
    await this.#cleanOrphans();
    this.#housekeeping = keepHouse(this.#context, this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.server.close();
    for (const end of this.#endings) end();
    await this.#housekeeping;
    await Promise.all([this.#keeper.stop(), ...[...this.#workers.values()].map((worker) => worker.stop())]);
  }

  pods(): readonly Pod[] {
    return [...this.#workers.values()].map((worker) => worker.pod);
  }

  #podChanged(before: Pod | undefined, now: Pod | undefined): void {
    const { namespace, name } = (now ?? before)!.metadata!;
    const key = `${namespace}/${name}`;
    const known = this.#uids.get(key);
    const uid = now?.metadata?.uid;
    if (known !== undefined && known !== uid) {
      this.#workers.get(known)?.orphan();
      this.#uids.delete(key);
    }
    if (now === undefined || uid === undefined) return;
    this.#uids.set(key, uid);
    const worker = this.#workers.get(uid);
    if (worker !== undefined) worker.update(now);
    else this.#begin(now, uid);
  }

  #begin(pod: Pod, uid: string): void {
    const worker = new PodWorker(pod, this.#context, () => {
      this.#workers.delete(uid);
      for (const other of this.#workers.values()) other.roomWasMade();
    });
    const others = this.#othersThan(uid);
    this.#workers.set(uid, worker);
    // A pod that was admitted once stays admitted: its status has a start time.
    const fresh = pod.status?.startTime === undefined && pod.metadata?.deletionTimestamp === undefined;
    const rejection = fresh ? rejectionOf(pod, others, this.#context.node()) : undefined;
    if (rejection !== undefined) {
      const about = { ...pod, apiVersion: 'v1', kind: 'Pod' };
      this.#context.recorder.event(about, 'Warning', rejection.reason, rejection.message);
      worker.fail({ ...rejection, message: `Pod was rejected: ${rejection.message}` });
    }
    worker.wake();
  }

  /** The pods that hold something of the node, with the resources that it has given them. */
  #othersThan(uid: string | undefined): Pod[] {
    const others = [...this.#workers].filter(
      ([other, { finished, pod }]) => other !== uid && !finished && !hasEnded(pod),
    );
    return others.map(([, { pod }]) => pod);
  }

  /** Ends what the runtime and the disk have of pods that the API does not know any more. */
  async #cleanOrphans(): Promise<void> {
    const { runtime, files, world } = this.#options;
    try {
      for (const pod of await runtime.pods()) {
        if (this.#workers.has(pod.uid)) continue;
        world.log.info('the remains of a pod are removed', { pod: `${pod.namespace}/${pod.name}`, uid: pod.uid });
        for (const { id } of pod.sandboxes) await runtime.stopSandbox(id);
        for (const { id } of pod.containers) await runtime.removeContainer(id);
        for (const { id } of pod.sandboxes) await runtime.removeSandbox(id);
      }
      for (const uid of await files.pods()) if (!this.#workers.has(uid)) await files.removePod(uid);
    } catch (thrown) {
      world.log.warn('remains of pods could not be removed', { error: runtimeMessage(thrown) });
    }
  }
}

/** A node as its own Events name it: its uid there is its name. */
function nodeReference(name: string) {
  return { kind: 'Node', name, uid: name, apiVersion: 'v1' };
}

function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function internalAddresses({ addresses }: NodeDescription): string[] {
  return addresses.filter(({ type }) => type === 'InternalIP').map(({ address }) => address);
}

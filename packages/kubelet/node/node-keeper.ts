import type { World } from '@keelson/base';
import { backoffDelay, jitter, messageOf, rfc3339Micro, sleep } from '@keelson/base';
import type { Client } from '@keelson/client';
import { isAlreadyExists, isNotFound, kubernetesResources } from '@keelson/client';
import type { Lease } from '@keelson/model/generated/types/coordination-v1.ts';
import type { Node, NodeStatus } from '@keelson/model/generated/types/core-v1.ts';
import { type Runtime, type RuntimeStatus, runtimeMessage } from '../runtime.ts';
import type { NodeDescription } from './node-description.ts';
import { type NodeFindings, nodeStatus, registeredNode } from './node-status.ts';

export interface NodeKeeperOptions {
  readonly world: World;
  readonly client: Client;
  readonly runtime: Runtime;
  /** Read each time: addresses and capacity may change. */
  description(): NodeDescription;
  /** The node has become ready, or is no more. */
  onReady?(ready: boolean): void;
  /** How long the lease is good for, in seconds; it is renewed four times as often. Default 40. */
  readonly leaseSeconds?: number;
  /** How often the status is looked at, in seconds. Default 10. */
  readonly statusSeconds?: number;
  /** How often it is posted though nothing changed, in seconds. Default 300. */
  readonly reportSeconds?: number;
}

const retry = { initial: 200, longest: 7_000 };
const leaseNamespace = 'kube-node-lease';

/** Keeps the node's own objects: registers it, posts its status when it changed, renews its lease. */
export class NodeKeeper {
  readonly #options: NodeKeeperOptions;
  readonly #stop = new AbortController();
  #node: Node | undefined;
  #runtimeStatus: RuntimeStatus = {
    runtime: { ok: false, reason: 'Starting', message: 'the kubelet has not asked it yet' },
    network: { ok: false, reason: 'Starting', message: 'the kubelet has not asked the runtime yet' },
  };
  #lastReport = Number.NEGATIVE_INFINITY;
  #lease: Lease | undefined;
  #toldReady: boolean | undefined;
  #wake: () => void = () => {};
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: NodeKeeperOptions) {
    this.#options = options;
  }

  /** The node as the API has it; before that as it will be. */
  get node(): Node {
    const { description, world } = this.#options;
    return this.#node ?? registeredNode(description(), this.#findingsAt(world.clock.now(), 'unknown://', []));
  }

  get runtimeStatus(): RuntimeStatus {
    return this.#runtimeStatus;
  }

  /** Resolves when the node is registered (or `stop` was called); goes on by itself from there. */
  async start(): Promise<void> {
    await this.#register();
    this.#running = Promise.all([this.#keepStatus(), this.#keepLease()]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#running;
  }

  /** Something about the node may have changed: its status is looked at now. */
  look(): void {
    this.#wake();
  }

  async #register(): Promise<void> {
    const { client, world, description } = this.#options;
    const nodes = client.resource(kubernetesResources.nodes);
    for (let failures = 0; !this.#stop.signal.aborted; ) {
      try {
        const node = registeredNode(description(), await this.#findings());
        try {
          this.#node = await nodes.create(node);
        } catch (thrown) {
          if (!isAlreadyExists(thrown)) throw thrown;
          this.#node = await this.#adopt(node);
        }
        return;
      } catch (thrown) {
        world.log.warn('the node could not be registered', { node: description().name, error: runtimeMessage(thrown) });
        await sleep(world.clock, backoffDelay(retry, ++failures), this.#stop.signal);
      }
    }
  }

  /** A node of this name is there from before: it gets the labels of its description, and keeps what others gave it. */
  async #adopt(wanted: Node): Promise<Node> {
    const nodes = this.#options.client.resource(kubernetesResources.nodes);
    const name = wanted.metadata!.name!;
    const present = await nodes.get(name);
    const labels = wanted.metadata?.labels ?? {};
    const missing = Object.entries(labels).filter(([key, value]) => present.metadata?.labels?.[key] !== value);
    if (missing.length === 0) return present;
    return nodes.patch(name, undefined, { metadata: { labels: Object.fromEntries(missing) } }, { type: 'strategic' });
  }

  async #findings(): Promise<NodeFindings> {
    const { runtime, world } = this.#options;
    try {
      this.#runtimeStatus = await runtime.status();
    } catch (thrown) {
      const down = { ok: false, reason: 'ContainerRuntimeDown', message: runtimeMessage(thrown) };
      this.#runtimeStatus = { runtime: down, network: down };
    }
    const reachable = this.#runtimeStatus.runtime.ok;
    const version = reachable ? await runtime.version() : (this.#node?.status?.nodeInfo?.containerRuntimeVersion ?? '');
    const images = reachable ? await runtime.images() : [];
    return this.#findingsAt(
      world.clock.now(),
      version,
      [...images].sort((one, other) => other.size - one.size),
    );
  }

  #findingsAt(now: number, runtimeVersion: string, images: NodeFindings['images']): NodeFindings {
    return { runtimeVersion, runtime: this.#runtimeStatus, images, now, previous: this.#node?.status };
  }

  async #keepStatus(): Promise<void> {
    const { world, statusSeconds = 10, description } = this.#options;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#postStatus();
      } catch (thrown) {
        world.log.warn('the node status was not written', { node: description().name, error: runtimeMessage(thrown) });
      }
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      this.#stop.signal.addEventListener('abort', this.#wake, { once: true });
      // A node that is not ready yet looks more often, so that it is used as soon as it can be.
      const ready = this.#runtimeStatus.network.ok && this.#runtimeStatus.runtime.ok;
      await sleep(world.clock, ready ? statusSeconds * 1000 : 500, woken.signal);
      this.#stop.signal.removeEventListener('abort', this.#wake);
    }
  }

  async #postStatus(): Promise<void> {
    const { world, client, description, reportSeconds = 300 } = this.#options;
    const status = nodeStatus(description(), await this.#findings());
    const now = world.clock.monotonic();
    const due = now - this.#lastReport >= reportSeconds * 1000;
    if (!due && comparable(status) === comparable(this.#node?.status)) return;
    const nodes = client.resource(kubernetesResources.nodes);
    const name = description().name;
    try {
      this.#node = await nodes.patch(name, undefined, { status }, { type: 'strategic', subresource: 'status' });
      this.#lastReport = now;
      this.#tellReadiness(status);
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
      // Somebody deleted the node object, and this machine is still here.
      await this.#register();
    }
  }

  #tellReadiness({ conditions }: NodeStatus): void {
    const ready = conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
    if (ready !== this.#toldReady) this.#options.onReady?.(ready);
    this.#toldReady = ready;
  }

  async #keepLease(): Promise<void> {
    const { world, leaseSeconds = 40, description } = this.#options;
    const interval = (leaseSeconds * 1000) / 4;
    for (let failures = 0; !this.#stop.signal.aborted; ) {
      let delay = jitter(world.random, interval, 0.04);
      try {
        await this.#renewLease(leaseSeconds);
        failures = 0;
      } catch (thrown) {
        world.log.warn('the node lease was not renewed', { node: description().name, error: messageOf(thrown) });
        this.#lease = undefined;
        delay = Math.min(backoffDelay(retry, ++failures), interval);
      }
      await sleep(world.clock, delay, this.#stop.signal);
    }
  }

  async #renewLease(leaseSeconds: number): Promise<void> {
    const { client, world, description } = this.#options;
    const { name } = description();
    const leases = client.resource(kubernetesResources.leases);
    const renewTime = rfc3339Micro(world.clock.now());
    const spec = { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime };
    if (this.#lease === undefined) {
      try {
        this.#lease = await leases.get(name, leaseNamespace);
      } catch (thrown) {
        if (!isNotFound(thrown)) throw thrown;
        const uid = this.#node?.metadata?.uid;
        const owner = uid && { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] };
        const lease = {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name, namespace: leaseNamespace, ...owner },
          spec,
        };
        this.#lease = await leases.create(lease);
        return;
      }
    }
    this.#lease = await leases.update({ ...this.#lease, spec: { ...this.#lease.spec, ...spec } });
  }
}

/** The status without heartbeats. */
function comparable(status: NodeStatus | undefined): string {
  const { conditions, capacity, allocatable, addresses, nodeInfo, images } = status ?? {};
  const lasting = (conditions ?? [])
    .filter(({ type }) => /^(Ready|MemoryPressure|DiskPressure|PIDPressure)$/.test(type))
    .map(({ type, status: value, reason, message }) => [type, value, reason, message]);
  const sorted = (map: Readonly<Record<string, unknown>> | undefined) =>
    Object.entries(map ?? {})
      .filter(([, value]) => value !== '')
      .sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([
    lasting.sort(),
    sorted(capacity),
    sorted(allocatable),
    addresses ?? [],
    sorted(nodeInfo as never),
    images ?? [],
  ]);
}

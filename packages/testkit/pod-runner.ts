import { rfc3339 } from '@keelson/base';
import { isNotFound, keyOf, kubernetesResources, type SharedCache, splitKey } from '@keelson/client';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';

const { nodes, pods } = kubernetesResources;

/**
 * Scheduler and kubelet in a few lines, for tests of controllers: a pod goes to the first node it is pinned to or to the
 * next in turn, is Ready a second later, and is gone a second after its deletion began. Nodes are whatever Node objects
 * there are.
 */
export class PodRunner implements Controller {
  readonly name = 'pod-runner';
  /** Pods for which this is false never become ready. */
  readonly healthy: (pod: Pod) => boolean;
  readonly #silent = new Set<string>();
  readonly #ready = new Map<string, number>();
  #context!: ControllerContext;
  #pods!: SharedCache<Pod>;
  #turn = 0;
  #addresses = 0;

  constructor(healthy: (pod: Pod) => boolean = () => true) {
    this.healthy = healthy;
  }

  start(context: ControllerContext): void {
    this.#context = context;
    this.#pods = context.caches.of(pods);
    const known = context.caches.of(nodes);
    this.#pods.onChange((before, now) => context.queue.add(keyOf((now ?? before)!)));
    known.onChange(() => {
      for (const pod of this.#pods.list()) if (!pod.spec?.nodeName) context.queue.add(keyOf(pod));
    });
  }

  /** Stops the kubelet of a node. */
  silence(node: string): void {
    this.#silent.add(node);
  }

  /** Starts the kubelet of a node again. */
  revive(node: string): void {
    this.#silent.delete(node);
    for (const pod of this.#pods.list()) if (pod.spec?.nodeName === node) this.#context.queue.add(keyOf(pod));
  }

  async reconcile(key: string): Promise<number | undefined> {
    const { namespace, name } = splitKey(key);
    const pod = this.#pods.get(namespace, name);
    if (pod === undefined || this.#silent.has(pod.spec?.nodeName ?? '')) return undefined;
    const { clock } = this.#context.world;
    const client = this.#context.client.resource(pods);
    if (!pod.spec?.nodeName) {
      const node = this.#nodeFor(pod);
      if (node === undefined) return undefined;
      const target = { apiVersion: 'v1', kind: 'Node', name: node };
      const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace }, target };
      await client.createSubresource(name, namespace, 'binding', binding);
      return undefined;
    }
    if (pod.metadata?.deletionTimestamp !== undefined) {
      const left =
        Date.parse(pod.metadata.deletionTimestamp) -
        (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000 +
        1000 -
        clock.now();
      if (left > 0) return left;
      await client.delete(name, namespace, { gracePeriodSeconds: 0 }).catch((thrown) => {
        if (!isNotFound(thrown)) throw thrown;
      });
      return undefined;
    }
    if (pod.status?.phase === 'Running' || !this.healthy(pod)) return undefined;
    const due = this.#ready.get(pod.metadata!.uid!) ?? clock.now() + 1000;
    this.#ready.set(pod.metadata!.uid!, due);
    if (due > clock.now()) return due - clock.now();
    this.#ready.delete(pod.metadata!.uid!);
    await client.patch(name, namespace, { status: this.#running() }, { subresource: 'status' });
    return undefined;
  }

  #running() {
    const number = ++this.#addresses;
    const podIP = `10.0.${number >> 8}.${number & 255}`;
    const now = rfc3339(this.#context.world.clock.now());
    const condition = { type: 'Ready', status: 'True', lastTransitionTime: now };
    return { phase: 'Running', podIP, podIPs: [{ ip: podIP }], startTime: now, conditions: [condition] };
  }

  #nodeFor(pod: Pod): string | undefined {
    const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    const pinned = required?.nodeSelectorTerms?.[0]?.matchFields?.[0]?.values?.[0];
    const present = this.#context.caches.of(nodes).list();
    const open = present.filter(
      (node) => !(node.spec?.taints ?? []).some(({ effect }) => effect !== 'PreferNoSchedule'),
    );
    if (pinned !== undefined) return present.some((node) => node.metadata!.name === pinned) ? pinned : undefined;
    return open.length === 0 ? undefined : open[this.#turn++ % open.length]!.metadata!.name;
  }
}

import { messageOf, rfc3339 } from '@keelson/base';
import { isNotFound, kubernetesResources, type SharedCache } from '@keelson/client';
import { type Controller, type ControllerContext, isPodFinished } from '@keelson/controller-kit';
import type { Node, Pod } from '@keelson/model/generated/types/core-v1.ts';
import { type Collection, podsToCollect } from './plan.ts';

const { nodes, pods } = kubernetesResources;
const interval = 20_000;

/** Removes pods that no kubelet will: of nodes that are gone, never placed, or finished and too many. */
export class PodGarbageCollector implements Controller {
  readonly name = 'pod-garbage-collector';
  readonly workers = 1;
  readonly #threshold: number;
  readonly #absentSince = new Map<string, number>();
  #context!: ControllerContext;
  #pods!: SharedCache<Pod>;
  #nodes!: SharedCache<Node>;

  /** `threshold` is how many finished pods may stay; upstream's default is 12500. */
  constructor(threshold = 12_500) {
    this.#threshold = threshold;
  }

  start(context: ControllerContext): void {
    this.#context = context;
    this.#pods = context.caches.of(pods);
    this.#nodes = context.caches.of(nodes);
    context.queue.add('all');
  }

  async reconcile(): Promise<number | undefined> {
    const now = this.#context.world.clock.now();
    const present = this.#pods.list();
    const byName = new Map(this.#nodes.list().map((node) => [node.metadata!.name!, node]));
    await this.#noteAbsent(present, byName, now);
    const view = { pods: present, nodes: byName, absentSince: this.#absentSince, now, threshold: this.#threshold };
    for (const collection of podsToCollect(view)) {
      try {
        await this.#collect(collection, now);
      } catch (thrown) {
        this.#context.world.log.warn('a pod was not collected', {
          pod: collection.pod.metadata?.name,
          error: messageOf(thrown),
        });
      }
    }
    return interval;
  }

  /** Keeps since when each node that pods name is not there; before that counts, the server itself has to say so. */
  async #noteAbsent(present: readonly Pod[], byName: ReadonlyMap<string, Node>, now: number): Promise<void> {
    const named = new Set(present.map((pod) => pod.spec?.nodeName ?? ''));
    for (const name of this.#absentSince.keys())
      if (byName.has(name) || !named.has(name)) this.#absentSince.delete(name);
    for (const name of named) {
      if (name === '' || byName.has(name) || this.#absentSince.has(name)) continue;
      const absent = await this.#context.client
        .resource(nodes)
        .get(name)
        .then(() => false)
        .catch((thrown) => isNotFound(thrown));
      if (absent) this.#absentSince.set(name, now);
    }
  }

  async #collect({ pod, why }: Collection, now: number): Promise<void> {
    const { name, namespace, uid } = pod.metadata!;
    const client = this.#context.client.resource(pods);
    try {
      if (why !== 'terminated' && !isPodFinished(pod)) {
        const messages = {
          orphaned: 'PodGC: node no longer exists',
          unscheduled: undefined,
          outOfService: 'PodGC: node is out-of-service',
        };
        const message = messages[why];
        const condition = {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'DeletionByPodGC',
          message,
          lastTransitionTime: rfc3339(now),
        };
        const status = { phase: 'Failed', ...(why === 'orphaned' && { conditions: [condition] }) };
        await client.patch(name!, namespace, { metadata: { uid }, status }, { subresource: 'status' });
      }
      await client.delete(name!, namespace, { gracePeriodSeconds: 0, preconditions: { uid: uid! } });
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
    }
  }
}

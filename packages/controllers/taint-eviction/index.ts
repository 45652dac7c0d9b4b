import { rfc3339 } from '@keelson/base';
import { isNotFound, keyOf, kubernetesResources, type SharedCache, splitKey } from '@keelson/client';
import { type Controller, type ControllerContext, isPodFinished } from '@keelson/controller-kit';
import type { Node, Pod } from '@keelson/model/generated/types/core-v1.ts';
import { evictionTime } from './schedule.ts';

const { nodes, pods } = kubernetesResources;

/** Deletes pods from nodes whose NoExecute taints they do not tolerate, or tolerate for a time that has passed. */
export class TaintEvictionController implements Controller {
  readonly name = 'taint-eviction-controller';
  readonly #scheduled = new Set<string>();
  #context!: ControllerContext;
  #nodes!: SharedCache<Node>;
  #pods!: SharedCache<Pod>;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#nodes = context.caches.of(nodes);
    this.#pods = context.caches.of(pods);
    const onNode = this.#pods.index('node', nodeName);
    this.#nodes.onChange((before, now) => {
      if (driving(before) === driving(now)) return;
      for (const pod of onNode.get((now ?? before)!.metadata!.name!)) context.queue.add(keyOf(pod));
    });
    this.#pods.onChange((before, now) => {
      const moved = before?.spec?.nodeName !== now?.spec?.nodeName;
      const tolerant = JSON.stringify(before?.spec?.tolerations) !== JSON.stringify(now?.spec?.tolerations);
      if (moved || tolerant) context.queue.add(keyOf((now ?? before)!));
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const { namespace, name } = splitKey(key);
    const pod = this.#pods.get(namespace, name);
    const node = pod?.spec?.nodeName ? this.#nodes.get(undefined, pod.spec.nodeName) : undefined;
    if (pod === undefined || node === undefined || pod.metadata?.deletionTimestamp !== undefined) {
      this.#scheduled.delete(key);
      return undefined;
    }
    const now = this.#context.world.clock.now();
    const due = evictionTime(pod, node.spec?.taints ?? [], now);
    if (due === undefined) {
      if (this.#scheduled.delete(key))
        this.#context.recorder.event(pod, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`);
      return undefined;
    }
    if (due > now) {
      this.#scheduled.add(key);
      return due - now;
    }
    this.#scheduled.delete(key);
    await this.#evict(key, pod, now);
    return undefined;
  }

  async #evict(key: string, pod: Pod, now: number): Promise<void> {
    const { name, namespace, uid } = pod.metadata!;
    const client = this.#context.client.resource(pods);
    this.#context.recorder.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`);
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      lastTransitionTime: rfc3339(now),
    };
    try {
      if (!isPodFinished(pod)) {
        const patch = { metadata: { uid }, status: { conditions: [condition] } };
        await client.patch(name!, namespace, patch, { subresource: 'status' });
      }
      await client.delete(name!, namespace, { preconditions: { uid: uid! } });
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
    }
  }
}

/** The taints of a node that drive pods off, as text. */
function driving(node: Node | undefined): string {
  return JSON.stringify((node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute'));
}

/** The node that a pod is on: an index function. */
function nodeName(pod: Pod): readonly string[] {
  return pod.spec?.nodeName ? [pod.spec.nodeName] : [];
}

import { messageOf, rfc3339 } from '@keelson/base';
import { isNotFound, kubernetesResources, type SharedCache } from '@keelson/client';
import { type Controller, type ControllerContext, podCondition } from '@keelson/controller-kit';
import type { Lease } from '@keelson/model/generated/types/coordination-v1.ts';
import type { Node, Pod } from '@keelson/model/generated/types/core-v1.ts';
import { type Heartbeat, hearNode, isSilent, unknownConditions } from './health.ts';
import { evictionTaint, hasEvictionTaint, readiness, sameTaints, wantedTaints } from './taints.ts';
import { EvictionLimiter } from './zones.ts';

const { leases, nodes, pods } = kubernetesResources;
const monitorPeriod = 5000;
const monitor = 'monitor';

/** Says of nodes that have gone silent that their state is unknown, and taints nodes by their conditions. */
export class NodeLifecycleController implements Controller {
  readonly name = 'node-controller';
  readonly workers = 8;
  readonly #heartbeats = new Map<string, Heartbeat>();
  #context!: ControllerContext;
  #limiter!: EvictionLimiter;
  #nodes!: SharedCache<Node>;
  #leases!: SharedCache<Lease>;
  #pods!: SharedCache<Pod>;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#limiter = new EvictionLimiter(context.world.clock);
    this.#nodes = context.caches.of(nodes);
    this.#leases = context.caches.of(leases);
    this.#pods = context.caches.of(pods);
    this.#pods.index('node', nodeName);
    this.#nodes.onChange((before, now) => {
      const node = (now ?? before)!;
      const name = node.metadata!.name!;
      if (before === undefined || now === undefined || before.metadata?.uid !== now.metadata?.uid)
        this.#heartbeats.delete(name);
      if (before === undefined)
        this.#tell(node, 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
      if (before !== undefined && readiness(before) === 'True' && now !== undefined && readiness(now) !== 'True')
        this.#tell(node, 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
      if (now === undefined)
        this.#tell(node, 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
      context.queue.add(`node/${name}`);
    });
    context.queue.add(monitor);
  }

  async reconcile(key: string): Promise<number | undefined> {
    if (key === monitor) return this.#monitor();
    const node = this.#nodes.get(undefined, key.slice('node/'.length));
    if (node === undefined) return undefined;
    await this.#markPods(node);
    return this.#taint(node);
  }

  /** Listens to every node, and writes down which have gone silent. */
  async #monitor(): Promise<number> {
    const { clock, log } = this.#context.world;
    for (const node of this.#nodes.list()) {
      const name = node.metadata!.name!;
      const renewal = this.#leases.get('kube-node-lease', name)?.spec?.renewTime;
      const heartbeat = hearNode(this.#heartbeats.get(name), node, renewal, clock.monotonic());
      this.#heartbeats.set(name, heartbeat);
      if (!isSilent(node, heartbeat, clock.monotonic())) continue;
      const conditions = unknownConditions(node, clock.now());
      if (conditions === node.status?.conditions) continue;
      try {
        const status = { ...node.status, conditions: [...conditions] };
        await this.#context.client.resource(nodes).updateStatus({ ...node, status });
      } catch (thrown) {
        log.debug('a silent node was not marked', { node: name, error: messageOf(thrown) });
      }
    }
    return monitorPeriod;
  }

  async #taint(node: Node): Promise<number | undefined> {
    const due = evictionTaint(node) !== undefined && !hasEvictionTaint(node);
    if (due) this.#limiter.observe(this.#nodes.list());
    const mayEvict = due && this.#limiter.tryTake(node);
    const taints = wantedTaints(node, mayEvict, rfc3339(this.#context.world.clock.now()));
    if (!sameTaints(taints, node.spec?.taints ?? [])) {
      const { name, uid, resourceVersion } = node.metadata!;
      const patch = { metadata: { uid, resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } };
      await this.#context.client.resource(nodes).patch(name!, undefined, patch, { type: 'merge' });
    }
    return due && !mayEvict ? monitorPeriod : undefined;
  }

  /** The pods of a node that is not ready are not ready either, whatever they said last. */
  async #markPods(node: Node): Promise<void> {
    const status = readiness(node);
    if (status === undefined || status === 'True') return;
    const ready = this.#pods
      .index('node', nodeName)
      .get(node.metadata!.name!)
      .filter((pod) => podCondition(pod, 'Ready')?.status === 'True');
    const lastTransitionTime = rfc3339(this.#context.world.clock.now());
    for (const pod of ready) {
      const condition = { ...podCondition(pod, 'Ready')!, status: 'False', lastTransitionTime };
      const { uid, namespace } = pod.metadata!;
      const patch = { metadata: { uid }, status: { conditions: [condition] } };
      this.#context.recorder.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
      await this.#context.client
        .resource(pods)
        .patch(pod.metadata!.name!, namespace, patch, { subresource: 'status' })
        .catch((thrown) => {
          if (!isNotFound(thrown)) throw thrown;
        });
    }
  }

  #tell(node: Node, reason: string, message: string): void {
    this.#context.recorder.event({ ...node, apiVersion: 'v1', kind: 'Node' }, 'Normal', reason, message);
  }
}

/** The node that a pod is on: an index function. */
function nodeName(pod: Pod): readonly string[] {
  return pod.spec?.nodeName ? [pod.spec.nodeName] : [];
}

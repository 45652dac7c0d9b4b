import { rfc3339 } from '@keelson/base';
import { isNotFound, kubernetesResources, type SharedCache } from '@keelson/client';
import { type Controller, type ControllerContext, canonicalJson } from '@keelson/controller-kit';
import type { Node } from '@keelson/model/generated/types/core-v1.ts';
import type { InstanceMetadata, Instances } from './instances.ts';

export type { InstanceMetadata, Instances } from './instances.ts';

const { nodes } = kubernetesResources;
const uninitialized = 'node.cloudprovider.kubernetes.io/uninitialized';
const shutdown = 'node.cloudprovider.kubernetes.io/shutdown';
const period = 5000;

/** Completes new nodes with what the cloud knows of them, and deletes those whose instance is gone. */
export class CloudNodeController implements Controller {
  readonly name = 'cloud-node-controller';
  readonly #instances: Instances;
  #context!: ControllerContext;
  #nodes!: SharedCache<Node>;

  constructor(instances: Instances) {
    this.#instances = instances;
  }

  start(context: ControllerContext): void {
    this.#context = context;
    this.#nodes = context.caches.of(nodes);
    this.#nodes.onChange((before, now) => context.queue.add((now ?? before)!.metadata!.name!));
  }

  async reconcile(name: string): Promise<number | undefined> {
    const node = this.#nodes.get(undefined, name);
    if (node === undefined || node.metadata?.deletionTimestamp !== undefined) return undefined;
    if (hasTaint(node, uninitialized)) return this.#initialize(node);
    const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
    if (ready) {
      if (hasTaint(node, shutdown)) await this.#setShutdown(node, false);
      return undefined;
    }
    if (!(await this.#instances.exists(node))) await this.#delete(node);
    else await this.#setShutdown(node, await this.#instances.isShutDown(node));
    return period;
  }

  /** Addresses first, which are status; then provider, labels and the taint, which let pods onto the node. */
  async #initialize(node: Node): Promise<number | undefined> {
    const metadata = await this.#instances.metadata(node);
    if (metadata === undefined) return period;
    const client = this.#context.client.resource(nodes);
    const name = node.metadata!.name!;
    const { uid } = node.metadata!;
    if (canonicalJson(node.status?.addresses ?? []) !== canonicalJson(metadata.addresses)) {
      const patch = { metadata: { uid }, status: { addresses: metadata.addresses } };
      await client.patch(name, undefined, patch, { type: 'merge', subresource: 'status' });
    }
    const current = await client.get(name);
    const taints = (current.spec?.taints ?? []).filter(({ key }) => key !== uninitialized);
    const patch = {
      metadata: { uid, resourceVersion: current.metadata!.resourceVersion, labels: labelsOf(metadata) },
      spec: {
        taints: taints.length > 0 ? taints : null,
        ...(!current.spec?.providerID && { providerID: metadata.providerID }),
      },
    };
    await client.patch(name, undefined, patch, { type: 'merge' });
    this.#context.recorder.event(node, 'Normal', 'Synced', 'Node synced successfully');
    return undefined;
  }

  async #delete(node: Node): Promise<void> {
    const { name, uid } = node.metadata!;
    const message = `Deleting node ${name} because it does not exist in the cloud provider`;
    this.#context.recorder.event(node, 'Normal', 'DeletingNode', message);
    await this.#context.client
      .resource(nodes)
      .delete(name!, undefined, { preconditions: { uid: uid! } })
      .catch((thrown) => {
        if (!isNotFound(thrown)) throw thrown;
      });
  }

  async #setShutdown(node: Node, wanted: boolean): Promise<void> {
    if (hasTaint(node, shutdown) === wanted) return;
    const { name, uid, resourceVersion } = node.metadata!;
    const others = (node.spec?.taints ?? []).filter(({ key }) => key !== shutdown);
    const timeAdded = rfc3339(this.#context.world.clock.now());
    const taints = wanted ? [...others, { key: shutdown, effect: 'NoSchedule', timeAdded }] : others;
    const patch = { metadata: { uid, resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } };
    await this.#context.client.resource(nodes).patch(name!, undefined, patch, { type: 'merge' });
  }
}

function hasTaint(node: Node, key: string): boolean {
  return (node.spec?.taints ?? []).some((taint) => taint.key === key);
}

function labelsOf({ instanceType, zone, region, labels }: InstanceMetadata): Record<string, string> {
  return {
    ...labels,
    'node.kubernetes.io/instance-type': instanceType,
    'beta.kubernetes.io/instance-type': instanceType,
    'topology.kubernetes.io/zone': zone,
    'topology.kubernetes.io/region': region,
    'failure-domain.beta.kubernetes.io/zone': zone,
    'failure-domain.beta.kubernetes.io/region': region,
  };
}

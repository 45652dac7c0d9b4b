import type { SharedCache, TransactionOperation } from '@keelson/client';
import { instances, networkInterfaces } from '@keelson/client/region-resources/index.ts';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import type { Instance, NetworkInterface } from '@keelson/model/region/object-types.ts';

/** How long a terminated instance is still shown: EC2 says about an hour. */
const shownFor = 3_600_000;

/** Takes the interfaces of terminated instances away at once, and the instances themselves after an hour. */
export class TerminatedInstanceController implements Controller {
  readonly name = 'ec2-terminated-instance';
  #context!: ControllerContext;
  #instances!: SharedCache<Instance>;
  #interfaces!: SharedCache<NetworkInterface>;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#instances = context.caches.of(instances);
    this.#interfaces = context.caches.of(networkInterfaces);
    this.#instances.onChange((_, instance) => {
      if (instance?.status?.state === 'terminated') context.queue.add(instance.metadata.name!);
    });
  }

  async reconcile(id: string): Promise<number | undefined> {
    const instance = this.#instances.get(undefined, id);
    if (instance?.status?.state !== 'terminated') return undefined;
    const operations: TransactionOperation[] = this.#interfaces
      .list()
      .filter(({ spec }) => spec.attachment?.instanceId === id && spec.attachment.deleteOnTermination)
      .map(({ apiVersion, kind, metadata }) => ({
        verb: 'delete',
        apiVersion: apiVersion!,
        kind: kind!,
        name: metadata.name!,
        preconditions: { uid: metadata.uid! },
      }));
    if (operations.length > 0) await this.#context.client.transact(operations);
    const since = Date.parse(instance.status.stateTransitionTime ?? instance.spec.launchTime);
    const left = since + shownFor - this.#context.world.clock.now();
    if (left > 0) return left;
    await this.#context.client.resource(instances).delete(id);
    return undefined;
  }
}

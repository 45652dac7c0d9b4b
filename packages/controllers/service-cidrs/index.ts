import { rfc3339 } from '@keelson/base';
import { isConflict, isNotFound, kubernetesResources, type SharedCache } from '@keelson/client';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import type { IPAddress, ServiceCIDR } from '@keelson/model/generated/types/networking-v1.ts';
import { isInBlock } from './address-in-block.ts';

const { ipAddresses, serviceCidrs } = kubernetesResources;
const finalizer = 'networking.k8s.io/service-cidr-finalizer';
/** How long a block that is being deleted stays at least, for addresses that are on their way, in milliseconds. */
const grace = 10_000;

/** Says that blocks of Services' addresses can be used, and keeps those that are deleted while addresses are from them. */
export class ServiceCidrsController implements Controller {
  readonly name = 'service-cidrs-controller';
  #context!: ControllerContext;
  #blocks!: SharedCache<ServiceCIDR>;
  #addresses!: SharedCache<IPAddress>;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#blocks = context.caches.of(serviceCidrs);
    this.#addresses = context.caches.of(ipAddresses);
    this.#blocks.onChange((before, now) => {
      context.queue.add((now ?? before)!.metadata!.name!);
      // Another block may take over what keeps one from going.
      for (const block of this.#blocks.list()) {
        if (block.metadata?.deletionTimestamp !== undefined) context.queue.add(block.metadata.name!);
      }
    });
    this.#addresses.onChange((before, now) => {
      if (before === undefined || now !== undefined) return;
      for (const block of this.#blocks.list()) {
        const going = block.metadata?.deletionTimestamp !== undefined;
        if (going && this.#holds(block, before)) context.queue.add(block.metadata!.name!);
      }
    });
  }

  async reconcile(name: string): Promise<number | undefined> {
    const block = this.#blocks.get(undefined, name);
    if (block === undefined) return undefined;
    try {
      return block.metadata?.deletionTimestamp === undefined ? await this.#keep(block) : await this.#release(block);
    } catch (thrown) {
      if (!isConflict(thrown) && !isNotFound(thrown)) throw thrown;
      return 1000;
    }
  }

  async #keep(block: ServiceCIDR): Promise<undefined> {
    const client = this.#context.client.resource(serviceCidrs);
    const finalizers = block.metadata?.finalizers ?? [];
    const kept = finalizers.includes(finalizer)
      ? block
      : await client.update({ ...block, metadata: { ...block.metadata, finalizers: [...finalizers, finalizer] } });
    const ready = kept.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    if (!ready) await this.#report(kept, 'True', '', 'Kubernetes Service CIDR is ready');
  }

  async #release(block: ServiceCIDR): Promise<number | undefined> {
    const finalizers = block.metadata?.finalizers ?? [];
    if (!finalizers.includes(finalizer)) return undefined;
    const needed = this.#addresses
      .list()
      .some((address) => this.#holds(block, address) && !this.#isElsewhere(block, address));
    if (needed) {
      const text =
        'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';
      const said = block.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'False');
      if (!said) await this.#report(block, 'False', 'Terminating', text);
      return undefined;
    }
    const left = grace - (this.#context.world.clock.now() - Date.parse(block.metadata!.deletionTimestamp!));
    if (left > 0) return left;
    const without = { ...block.metadata, finalizers: finalizers.filter((one) => one !== finalizer) };
    await this.#context.client.resource(serviceCidrs).update({ ...block, metadata: without });
    return undefined;
  }

  #holds(block: ServiceCIDR, address: IPAddress): boolean {
    return (block.spec?.cidrs ?? []).some((cidr) => isInBlock(address.metadata!.name!, cidr));
  }

  /** Whether another block, which stays, has the address too. */
  #isElsewhere(block: ServiceCIDR, address: IPAddress): boolean {
    return this.#blocks
      .list()
      .some(
        (other) =>
          other.metadata!.name !== block.metadata!.name &&
          other.metadata?.deletionTimestamp === undefined &&
          this.#holds(other, address),
      );
  }

  async #report(block: ServiceCIDR, status: string, reason: string, message: string): Promise<void> {
    const others = (block.status?.conditions ?? []).filter(({ type }) => type !== 'Ready');
    const lastTransitionTime = rfc3339(this.#context.world.clock.now());
    const conditions = [...others, { type: 'Ready', status, reason, message, lastTransitionTime }];
    await this.#context.client.resource(serviceCidrs).updateStatus({ ...block, status: { conditions } });
  }
}

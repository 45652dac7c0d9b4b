import { isAlreadyExists, kubernetesResources, type SharedCache } from '@keelson/client';
import { type Controller, type ControllerContext, isNamespaceTerminating } from '@keelson/controller-kit';
import type { Namespace, ServiceAccount } from '@keelson/model/generated/types/core-v1.ts';

const { namespaces, serviceAccounts } = kubernetesResources;

/** Sees to it that every namespace has the ServiceAccount `default`. */
export class ServiceAccountController implements Controller {
  readonly name = 'service-account-controller';
  #context!: ControllerContext;
  #namespaces!: SharedCache<Namespace>;
  #accounts!: SharedCache<ServiceAccount>;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#namespaces = context.caches.of(namespaces);
    this.#accounts = context.caches.of(serviceAccounts);
    this.#namespaces.onChange((_, now) => {
      if (now !== undefined) context.queue.add(now.metadata!.name!);
    });
    this.#accounts.onChange((before, now) => {
      if (now === undefined && before?.metadata?.name === 'default') context.queue.add(before.metadata.namespace!);
    });
  }

  async reconcile(namespace: string): Promise<number | undefined> {
    const owner = this.#namespaces.get(undefined, namespace);
    if (owner === undefined || owner.metadata?.deletionTimestamp !== undefined) return undefined;
    if (this.#accounts.get(namespace, 'default') !== undefined) return undefined;
    try {
      await this.#context.client.resource(serviceAccounts).create({ metadata: { name: 'default', namespace } });
    } catch (thrown) {
      if (!isAlreadyExists(thrown) && !isNamespaceTerminating(thrown)) throw thrown;
    }
    return undefined;
  }
}

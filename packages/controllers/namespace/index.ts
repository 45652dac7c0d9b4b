import { messageOf, rfc3339 } from '@keelson/base';
import { type DiscoveredResource, isNotFound, kubernetesResources, type SharedCache } from '@keelson/client';
import { type Controller, type ControllerContext, withCondition } from '@keelson/controller-kit';
import type { ApiObject } from '@keelson/model';
import type { Namespace, NamespaceCondition } from '@keelson/model/generated/types/core-v1.ts';
import { deletable, emptyingConditions, estimateFor, type Remains } from './content.ts';

const { namespaces, pods } = kubernetesResources;

/**
 * Empties a namespace that is being deleted, pods before all else (KEP-5080), says in its conditions what is left, and
 * when nothing is takes the `kubernetes` finalizer from its spec, upon which the server removes it.
 */
export class NamespaceController implements Controller {
  readonly name = 'namespace-controller';
  #context!: ControllerContext;
  #namespaces!: SharedCache<Namespace>;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#namespaces = context.caches.of(namespaces);
    this.#namespaces.onChange((_, now) => {
      if (now?.metadata?.deletionTimestamp !== undefined) context.queue.add(now.metadata.name!);
    });
    // Pods go in their own time; the one that goes last need not be waited for by the clock.
    context.caches.of(pods).onChange((before, now) => {
      const namespace = before?.metadata?.namespace ?? '';
      if (now === undefined && this.#namespaces.get(undefined, namespace)?.metadata?.deletionTimestamp !== undefined)
        context.queue.add(namespace);
    });
  }

  async reconcile(name: string): Promise<number | undefined> {
    const cached = this.#namespaces.get(undefined, name);
    if (cached?.metadata?.deletionTimestamp === undefined) return undefined;
    const client = this.#context.client.resource(namespaces);
    let namespace = await client.get(name).catch((thrown) => {
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    });
    if (namespace?.metadata?.deletionTimestamp === undefined || namespace.metadata.uid !== cached.metadata.uid)
      return undefined;
    if (!namespace.spec?.finalizers?.includes('kubernetes')) return undefined;
    if (namespace.status?.phase !== 'Terminating')
      namespace = await client.updateStatus({ ...namespace, status: { ...namespace.status, phase: 'Terminating' } });
    const remains = await this.#empty(name);
    namespace = await this.#report(namespace, remains);
    if (remains.estimate > 0) return (Math.floor(remains.estimate / 2) + 1) * 1000;
    if (remains.discoveryError !== undefined || remains.deletionErrors.length > 0)
      throw new Error([remains.discoveryError, ...remains.deletionErrors].filter(Boolean).join(', '));
    const finalizers = namespace.spec?.finalizers?.filter((finalizer) => finalizer !== 'kubernetes') ?? [];
    await client.updateSubresource(name, undefined, 'finalize', { ...namespace, spec: { finalizers } });
    return undefined;
  }

  async #report(namespace: Namespace, remains: Remains): Promise<Namespace> {
    const before: readonly NamespaceCondition[] = namespace.status?.conditions ?? [];
    let conditions: readonly NamespaceCondition[] = before;
    for (const condition of emptyingConditions(remains, rfc3339(this.#context.world.clock.now()))) {
      conditions = withCondition(conditions as any, condition as any);
    }
    if (conditions === before) return namespace;
    const status = { ...namespace.status, conditions: [...conditions] };
    return this.#context.client.resource(namespaces).updateStatus({ ...namespace, status });
  }

  /** One pass: pods alone while there are any, then everything. */
  async #empty(namespace: string): Promise<Remains> {
    const resources = new Map<string, number>();
    const finalizers = new Map<string, number>();
    const deletionErrors: string[] = [];
    let discovered: readonly DiscoveredResource[];
    let estimate = 0;
    try {
      discovered = deletable(await this.#context.client.discover());
    } catch (thrown) {
      return { resources, finalizers, discoveryError: messageOf(thrown), deletionErrors, estimate };
    }
    const first = discovered.filter((resource) => resource.group === '' && resource.resource === 'pods');
    const rest = discovered.filter((resource) => !first.includes(resource));
    for (const stage of [first, rest]) {
      for (const resource of stage) {
        try {
          const left = await this.#deleteAll(resource, namespace);
          if (left.length === 0) continue;
          resources.set(`${resource.resource}.${resource.group}`, left.length);
          for (const object of left)
            for (const finalizer of object.metadata?.finalizers ?? [])
              finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
          estimate = Math.max(estimate, estimateFor(resource, left));
        } catch (thrown) {
          deletionErrors.push(messageOf(thrown));
        }
      }
      if (estimate > 0 || deletionErrors.length > 0) break;
    }
    return { resources, finalizers, discoveryError: undefined, deletionErrors, estimate };
  }

  /** Deletes every object of a resource in the namespace, and returns those that are still there. */
  async #deleteAll(resource: DiscoveredResource, namespace: string): Promise<ApiObject[]> {
    const client = this.#context.client.resource(resource);
    const present = await client.list({ namespace });
    if (present.items.length === 0) return [];
    if (resource.verbs.includes('deletecollection')) {
      await client.deleteCollection({ namespace }, { propagationPolicy: 'Background' });
    } else {
      for (const { metadata } of present.items)
        await client.delete(metadata!.name!, namespace, { propagationPolicy: 'Background' }).catch((thrown) => {
          if (!isNotFound(thrown)) throw thrown;
        });
    }
    return (await client.list({ namespace })).items;
  }
}

import { type DiscoveredResource, keyOf, kubernetesResources, type SharedCache, splitKey } from '@keelson/client';
import { type Controller, type ControllerContext, canonicalJson } from '@keelson/controller-kit';
import type { ApiObject } from '@keelson/model';
import type { ResourceQuota } from '@keelson/model/generated/types/core-v1.ts';
import { type Counted, changesUsage, countedResources, quotaStatus } from './usage.ts';

const { resourceQuotas } = kubernetesResources;

/** How often everything is counted anew, in milliseconds: admission may have counted a write that then failed. */
const resyncPeriod = 300_000;
/** How long a resource that a quota names and nobody serves is not asked for again, in milliseconds. */
const unservedPatience = 30_000;

/**
 * Counts what each namespace uses of its ResourceQuotas: at first, when something is set free, and now and then.
 * Admission counts what comes.
 */
export class ResourceQuotaController implements Controller {
  readonly name = 'resourcequota-controller';
  #context!: ControllerContext;
  #quotas!: SharedCache<ResourceQuota>;
  /** The caches of what is counted; only of resources that a quota names. */
  readonly #counted = new Map<string, SharedCache<ApiObject>>();
  readonly #stops: (() => void)[] = [];
  #served: readonly DiscoveredResource[] = [];

  start(context: ControllerContext): void {
    this.#context = context;
    this.#quotas = context.caches.of(resourceQuotas);
    this.#quotas.onChange((before, now) => {
      if (now === undefined) return;
      if (before !== undefined && canonicalJson(before.spec) === canonicalJson(now.spec)) return;
      context.queue.add(keyOf(now));
    });
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  async reconcile(key: string): Promise<number | undefined> {
    const { namespace, name } = splitKey(key);
    const quota = this.#quotas.get(namespace, name);
    if (quota === undefined) return undefined;
    const resources = countedResources(quota);
    const caches = new Map<Counted, SharedCache<ApiObject>>();
    for (const counted of resources) {
      const cache = await this.#follow(counted);
      if (cache !== undefined) caches.set(counted, cache);
    }
    const find = ({ group, resource }: Counted) =>
      [...caches].find(([one]) => one.group === group && one.resource === resource)?.[1].list(namespace);
    const status = quotaStatus(quota, find, this.#context.world.clock.now());
    const { hard, used } = quota.status ?? {};
    if (canonicalJson(status) !== canonicalJson({ hard, used }))
      await this.#context.client.resource(resourceQuotas).updateStatus({ ...quota, status });
    return caches.size < resources.length ? unservedPatience : resyncPeriod;
  }

  /** The cache of a resource, filled; undefined when it is not served. */
  async #follow(counted: Counted): Promise<SharedCache<ApiObject> | undefined> {
    const key = `${counted.resource}.${counted.group}`;
    let cache = this.#counted.get(key);
    if (cache === undefined) {
      const resource = await this.#discovered(counted);
      if (resource === undefined) return undefined;
      cache = this.#counted.get(key) ?? this.#begin(key, counted, resource);
    }
    await cache.synced;
    return cache;
  }

  #begin(key: string, counted: Counted, resource: DiscoveredResource): SharedCache<ApiObject> {
    const { caches, queue, world } = this.#context;
    const cache = caches.of<ApiObject>(resource);
    this.#counted.set(key, cache);
    const stop = cache.onChange((before, after) => {
      if (!changesUsage(counted, before, after, world.clock.now())) return;
      const { namespace } = (after ?? before)!.metadata ?? {};
      for (const quota of this.#quotas.list(namespace))
        if (countedResources(quota).some(({ group, resource: name }) => `${name}.${group}` === key))
          queue.add(keyOf(quota));
    });
    this.#stops.push(stop);
    return cache;
  }

  async #discovered({ group, resource }: Counted): Promise<DiscoveredResource | undefined> {
    const find = () => this.#served.find((one) => one.group === group && one.resource === resource && one.namespaced);
    const known = find();
    if (known !== undefined) return known;
    this.#served = await this.#context.client.discover();
    return find();
  }
}

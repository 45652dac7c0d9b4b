import { isAlreadyExists, isNotFound, keyOf, kubernetesResources, type SharedCache, splitKey } from '@keelson/client';
import {
  ChangeBatches,
  type Controller,
  type ControllerContext,
  canonicalJson,
  isHeadless,
  isNamespaceTerminating,
  sameEndpoint,
  serviceSelects,
  servicesOf,
} from '@keelson/controller-kit';
import { sameValue } from '@keelson/model';
import type { Endpoints, Pod, Service } from '@keelson/model/generated/types/core-v1.ts';
import { subsetsOf } from './subsets.ts';

const { endpoints, pods, services } = kubernetesResources;
const managedBy = 'endpoints.kubernetes.io/managed-by';
const headless = 'service.kubernetes.io/headless';
const overCapacity = 'endpoints.kubernetes.io/over-capacity';

/** Writes the Endpoints of each Service that has a selector, for the clients that do not read slices yet. */
export class EndpointsController implements Controller {
  readonly name = 'endpoint-controller';
  readonly #batches = new ChangeBatches();
  #context!: ControllerContext;
  #services!: SharedCache<Service>;
  #pods!: SharedCache<Pod>;
  #endpoints!: SharedCache<Endpoints>;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#services = context.caches.of(services);
    this.#pods = context.caches.of(pods);
    this.#endpoints = context.caches.of(endpoints);
    this.#services.onChange((before, now) => context.queue.add(keyOf((now ?? before)!)));
    this.#pods.onChange((before, now) => {
      if (before !== undefined && now !== undefined && sameEndpoint(before, now)) return;
      for (const service of servicesOf(this.#services, [before, now]))
        context.queue.addAfter(keyOf(service), this.#batches.delay(keyOf(service)));
    });
    this.#endpoints.onChange((before, now) => {
      const { namespace, name } = (now ?? before)!.metadata!;
      if (this.#services.get(namespace, name!)?.spec?.selector || isOurs(now))
        context.queue.add(`${namespace}/${name}`);
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const { namespace, name } = splitKey(key);
    const service = this.#services.get(namespace, name);
    const present = this.#endpoints.get(namespace, name);
    if (service === undefined) {
      this.#batches.forget(key);
      if (isOurs(present)) await this.#remove(present!);
      return undefined;
    }
    if (!service.spec?.selector || service.spec.type === 'ExternalName') return undefined;
    if (service.metadata?.deletionTimestamp !== undefined) return undefined;
    const selected = this.#pods.list(namespace).filter((pod) => serviceSelects(service, pod));
    this.#batches.note(key, selected.length);
    const wanted = endpointsFor(service, selected, present);
    if (present !== undefined && same(present, wanted)) return undefined;
    const client = this.#context.client.resource(endpoints);
    try {
      if (present === undefined) await client.create(wanted);
      else await client.update(wanted);
    } catch (thrown) {
      if (isNamespaceTerminating(thrown)) return undefined;
      if (isAlreadyExists(thrown)) throw thrown;
      const [reason, word] =
        present === undefined ? ['FailedToCreateEndpoint', 'create'] : ['FailedToUpdateEndpoint', 'update'];
      const message = `Failed to ${word} endpoint for service ${key}: ${(thrown as Error).message}`;
      this.#context.recorder.event(service, 'Warning', reason, message);
      throw thrown;
    }
    return undefined;
  }

  async #remove({ metadata }: Endpoints): Promise<void> {
    await this.#context.client
      .resource(endpoints)
      .delete(metadata!.name!, metadata!.namespace, { preconditions: { uid: metadata!.uid! } })
      .catch((thrown) => {
        if (!isNotFound(thrown)) throw thrown;
      });
  }
}

function isOurs(object: Endpoints | undefined): boolean {
  return object?.metadata?.labels?.[managedBy] === 'endpoint-controller';
}

function endpointsFor(service: Service, selected: readonly Pod[], present: Endpoints | undefined): Endpoints {
  const { subsets, truncated } = subsetsOf(service, selected);
  const { name, namespace, labels } = service.metadata!;
  const { [overCapacity]: _, ...annotations } = present?.metadata?.annotations ?? {};
  if (truncated) annotations[overCapacity] = 'truncated';
  const { [headless]: __, ...own } = labels ?? {};
  if (isHeadless(service)) own[headless] = '';
  return {
    ...present,
    metadata: {
      ...present?.metadata,
      name,
      namespace,
      labels: { ...own, [managedBy]: 'endpoint-controller' },
      ...(Object.keys(annotations).length > 0 ? { annotations } : { annotations: undefined }),
    },
    subsets,
  };
}

function same(left: Endpoints, right: Endpoints): boolean {
  const facts = ({ metadata }: Endpoints) =>
    canonicalJson([metadata?.labels ?? {}, metadata?.annotations?.[overCapacity]]);
  return facts(left) === facts(right) && sameValue(left.subsets, right.subsets);
}

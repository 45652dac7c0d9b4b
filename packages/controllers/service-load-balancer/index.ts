import { messageOf } from '@keelson/base';
import { isNotFound, keyOf, kubernetesResources, type SharedCache, splitKey } from '@keelson/client';
import { type Controller, type ControllerContext, canonicalJson } from '@keelson/controller-kit';
import type { LoadBalancerStatus, Node, Service } from '@keelson/model/generated/types/core-v1.ts';
import type { EndpointSlice } from '@keelson/model/generated/types/discovery-v1.ts';
import type { LoadBalancers } from './load-balancers.ts';

export type { LoadBalancerRequest, LoadBalancers } from './load-balancers.ts';

const { endpointSlices, nodes, services } = kubernetesResources;
const finalizer = 'service.kubernetes.io/load-balancer-cleanup';
const excludeLabel = 'node.kubernetes.io/exclude-from-external-load-balancers';
/** How soon a load balancer that is being made is asked for again, in milliseconds. */
const pendingInterval = 1000;

/** Has a load balancer made for each Service of type LoadBalancer, and removed when it is needed no more. */
export class ServiceLoadBalancerController implements Controller {
  readonly name = 'service-controller';
  readonly #balancers: LoadBalancers;
  /** What each service's load balancer was last made from; nothing is called when nothing has changed. */
  readonly #made = new Map<string, string>();
  #context!: ControllerContext;
  #services!: SharedCache<Service>;
  #nodes!: SharedCache<Node>;
  #slices!: SharedCache<EndpointSlice>;

  constructor(balancers: LoadBalancers) {
    this.#balancers = balancers;
  }

  start(context: ControllerContext): void {
    this.#context = context;
    this.#services = context.caches.of(services);
    this.#nodes = context.caches.of(nodes);
    this.#slices = context.caches.of(endpointSlices);
    this.#slices.index('service', serviceKey);
    this.#services.onChange((before, now) => {
      const service = (now ?? before)!;
      if (concerns(service)) context.queue.add(keyOf(service));
    });
    this.#slices.onChange((before, now) => {
      for (const key of serviceKey((now ?? before)!)) if (this.#isWanted(key)) context.queue.add(key);
    });
    this.#nodes.onChange((before, now) => {
      if (before !== undefined && now !== undefined && nodeFacts(before) === nodeFacts(now)) return;
      for (const service of this.#services.list()) if (wants(service)) context.queue.add(keyOf(service));
    });
  }

  #isWanted(key: string): boolean {
    const { namespace, name } = splitKey(key);
    const service = this.#services.get(namespace, name);
    return service !== undefined && wants(service);
  }

  async reconcile(key: string): Promise<number | undefined> {
    const { namespace, name } = splitKey(key);
    const service = this.#services.get(namespace, name);
    if (service === undefined || !concerns(service)) {
      this.#made.delete(key);
      return undefined;
    }
    if (wants(service)) return this.#ensure(key, service);
    await this.#remove(key, service);
    return undefined;
  }

  async #ensure(key: string, service: Service): Promise<number | undefined> {
    if (!service.metadata?.finalizers?.includes(finalizer)) {
      // The change that this makes brings the key back: without the finalizer on record nothing is made.
      await this.#patchFinalizers(service, [...(service.metadata?.finalizers ?? []), finalizer]);
      return undefined;
    }
    const eligible = this.#nodes.list().filter(isEligible).toSorted(byName);
    const slices = this.#slices.index('service', serviceKey).get(key).toSorted(byName);
    const made = canonicalJson([
      service.metadata.uid,
      service.spec,
      service.metadata.annotations,
      eligible.map(nodeFacts),
      slices.map(({ endpoints, ports, addressType }) => [addressType, endpoints, ports]),
    ]);
    const { recorder } = this.#context;
    const present = (service.status?.loadBalancer?.ingress ?? []).length > 0;
    if (present && this.#made.get(key) === made) return undefined;
    const first = !present && !this.#made.has(key);
    if (first) recorder.event(service, 'Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer');
    this.#made.set(key, '');
    let status: LoadBalancerStatus | undefined;
    try {
      status = await this.#balancers.ensure({ service, nodes: eligible, endpointSlices: slices });
    } catch (thrown) {
      const message = `Error syncing load balancer: failed to ensure load balancer: ${messageOf(thrown)}`;
      recorder.event(service, 'Warning', 'SyncLoadBalancerFailed', message);
      throw thrown;
    }
    if (status === undefined) return pendingInterval;
    await this.#writeStatus(service, status);
    this.#made.set(key, made);
    if (!present) recorder.event(service, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer');
    return undefined;
  }

  async #remove(key: string, service: Service): Promise<void> {
    const { recorder } = this.#context;
    recorder.event(service, 'Normal', 'DeletingLoadBalancer', 'Deleting load balancer');
    try {
      await this.#balancers.delete(service);
    } catch (thrown) {
      const message = `Error syncing load balancer: failed to delete load balancer: ${messageOf(thrown)}`;
      recorder.event(service, 'Warning', 'SyncLoadBalancerFailed', message);
      throw thrown;
    }
    this.#made.delete(key);
    await this.#writeStatus(service, {});
    await this.#patchFinalizers(
      service,
      service.metadata!.finalizers!.filter((present) => present !== finalizer),
    );
    recorder.event(service, 'Normal', 'DeletedLoadBalancer', 'Deleted load balancer');
  }

  async #patchFinalizers({ metadata }: Service, finalizers: readonly string[]): Promise<void> {
    const { name, namespace, uid } = metadata!;
    // Other finalizers are others' business: the list is written only as it was read.
    const current = await this.#current(name!, namespace);
    if (current?.metadata?.uid !== uid) return;
    const others = (current?.metadata?.finalizers ?? []).filter((present) => present !== finalizer);
    const wanted = finalizers.includes(finalizer) ? [...others, finalizer] : others;
    const patch = { metadata: { uid, resourceVersion: current?.metadata?.resourceVersion, finalizers: wanted } };
    // Through the status, as upstream: the controller may write nothing else of a Service.
    await this.#context.client
      .resource(services)
      .patch(name!, namespace, patch, { type: 'merge', subresource: 'status' });
  }

  async #writeStatus({ metadata, status }: Service, loadBalancer: LoadBalancerStatus): Promise<void> {
    if (canonicalJson(status?.loadBalancer ?? {}) === canonicalJson(loadBalancer)) return;
    const { name, namespace, uid } = metadata!;
    const ingress = loadBalancer.ingress ?? null;
    const patch = { metadata: { uid }, status: { loadBalancer: { ...loadBalancer, ingress } } };
    await this.#context.client
      .resource(services)
      .patch(name!, namespace, patch, { type: 'merge', subresource: 'status' })
      .catch((thrown) => {
        if (!isNotFound(thrown)) throw thrown;
      });
  }

  async #current(name: string, namespace: string | undefined): Promise<Service | undefined> {
    try {
      return await this.#context.client.resource(services).get(name, namespace);
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    }
  }
}

/** True for a service that is to have a load balancer of ours; a class of its own is another controller's. */
function wants(service: Service): boolean {
  return (
    service.spec?.type === 'LoadBalancer' &&
    service.spec.loadBalancerClass === undefined &&
    service.metadata?.deletionTimestamp === undefined
  );
}

/** True for a service that is to have one, or has had. */
function concerns(service: Service): boolean {
  return wants(service) || service.metadata?.finalizers?.includes(finalizer) === true;
}

function isEligible(node: Node): boolean {
  return node.metadata?.labels?.[excludeLabel] === undefined && node.metadata?.deletionTimestamp === undefined;
}

/** What a load balancer wants to know of a node. */
function nodeFacts(node: Node): string {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  const { spec, status, metadata } = node;
  return canonicalJson([metadata?.name, spec?.providerID, status?.addresses, ready, isEligible(node)]);
}

function serviceKey(slice: EndpointSlice): readonly string[] {
  const name = slice.metadata?.labels?.['kubernetes.io/service-name'];
  return name === undefined ? [] : [`${slice.metadata?.namespace}/${name}`];
}

function byName(left: Node | EndpointSlice, right: Node | EndpointSlice): number {
  return left.metadata!.name! < right.metadata!.name! ? -1 : 1;
}

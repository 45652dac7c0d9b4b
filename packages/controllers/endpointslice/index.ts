import { isNotFound, keyOf, kubernetesResources, type SharedCache, splitKey } from '@keelson/client';
import {
  ChangeBatches,
  type Controller,
  type ControllerContext,
  controllerReference,
  Expectations,
  isHeadless,
  isNamespaceTerminating,
  sameEndpoint,
  serviceFamilies,
  serviceSelects,
  servicesOf,
} from '@keelson/controller-kit';
import type { Node, Pod, Service } from '@keelson/model/generated/types/core-v1.ts';
import type { EndpointSlice } from '@keelson/model/generated/types/discovery-v1.ts';
import { portGroups } from './endpoint.ts';
import { planSlices, type SlicePlan } from './plan.ts';

const { endpointSlices, nodes, pods, services } = kubernetesResources;
const managedBy = 'endpointslice.kubernetes.io/managed-by';
const manager = 'endpointslice-controller.k8s.io';
const serviceName = 'kubernetes.io/service-name';
const headless = 'service.kubernetes.io/headless';
const zoneLabel = 'topology.kubernetes.io/zone';

/** Writes which pods stand behind each Service that has a selector, in slices of at most 100. */
export class EndpointSliceController implements Controller {
  readonly name = 'endpoint-slice-controller';
  readonly #batches = new ChangeBatches();
  #context!: ControllerContext;
  #services!: SharedCache<Service>;
  #pods!: SharedCache<Pod>;
  #nodes!: SharedCache<Node>;
  #slices!: SharedCache<EndpointSlice>;
  #expectations!: Expectations;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#expectations = new Expectations(context.world.clock);
    this.#services = context.caches.of(services);
    this.#pods = context.caches.of(pods);
    this.#nodes = context.caches.of(nodes);
    this.#slices = context.caches.of(endpointSlices);
    this.#slices.index('service', sliceService);
    this.#services.onChange((before, now) => context.queue.add(keyOf((now ?? before)!)));
    this.#pods.onChange((before, now) => {
      if (before !== undefined && now !== undefined && sameEndpoint(before, now)) return;
      for (const service of servicesOf(this.#services, [before, now]))
        context.queue.addAfter(keyOf(service), this.#batches.delay(keyOf(service)));
    });
    this.#slices.onChange((before, now) => {
      const slice = (now ?? before)!;
      if (slice.metadata?.labels?.[managedBy] !== manager) return;
      const [key] = sliceService(slice);
      if (key === undefined) return;
      if (before === undefined) this.#expectations.created(key);
      context.queue.add(key);
    });
    this.#nodes.onChange((before, now) => {
      if (before?.metadata?.labels?.[zoneLabel] === now?.metadata?.labels?.[zoneLabel]) return;
      for (const service of this.#services.list()) if (service.spec?.selector) context.queue.add(keyOf(service));
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const { namespace, name } = splitKey(key);
    const service = this.#services.get(namespace, name);
    if (service === undefined) {
      // The slices go with their owner.
      this.#expectations.forget(key);
      this.#batches.forget(key);
      return undefined;
    }
    if (!service.spec?.selector || service.spec.type === 'ExternalName') return undefined;
    if (service.metadata?.deletionTimestamp !== undefined || !this.#expectations.satisfied(key)) return undefined;
    const own = this.#slices
      .index('service', sliceService)
      .get(key)
      .filter((slice) => slice.metadata?.labels?.[managedBy] === manager && !slice.metadata.deletionTimestamp);
    const families = serviceFamilies(service);
    const selected = this.#pods.list(namespace).filter((pod) => serviceSelects(service, pod));
    this.#batches.note(key, selected.length);
    const plans = families.map((family) => {
      const groups = portGroups(service, selected, family, (node) => this.#nodes.get(undefined, node));
      const existing = own.filter((slice) => slice.addressType === family);
      return { family, plan: planSlices(existing, groups, { labels: labelsOf(service) }) };
    });
    const foreign = own.filter((slice) => !families.includes(slice.addressType as 'IPv4' | 'IPv6'));
    const creations = plans.reduce((sum, { plan }) => sum + plan.create.length, 0);
    if (creations > 0) this.#expectations.expect(key, creations);
    for (const { family, plan } of plans) await this.#carryOut(key, service, family, plan);
    for (const slice of foreign) await this.#remove(slice);
    return undefined;
  }

  async #carryOut(key: string, service: Service, addressType: string, plan: SlicePlan): Promise<void> {
    const client = this.#context.client.resource(endpointSlices);
    const { name, namespace } = service.metadata!;
    // New ones first and removals last: no endpoint that stays is missing in between.
    for (const { ports, endpoints } of plan.create) {
      const metadata = {
        generateName: `${name}-`,
        namespace,
        labels: labelsOf(service),
        ownerReferences: [controllerReference(service, services)],
      };
      try {
        await client.create({ metadata, addressType, ports: [...ports], endpoints: [...endpoints] });
      } catch (thrown) {
        this.#expectations.created(key);
        if (isNamespaceTerminating(thrown)) return;
        const message = `Error creating Endpoint Slice for Service ${namespace}/${name}: ${(thrown as Error).message}`;
        this.#context.recorder.event(service, 'Warning', 'FailedToUpdateEndpointSlices', message);
        throw thrown;
      }
    }
    for (const slice of plan.update) await client.update(slice);
    for (const slice of plan.remove) await this.#remove(slice);
  }

  async #remove({ metadata }: EndpointSlice): Promise<void> {
    await this.#context.client
      .resource(endpointSlices)
      .delete(metadata!.name!, metadata!.namespace, { preconditions: { uid: metadata!.uid! } })
      .catch((thrown) => {
        if (!isNotFound(thrown)) throw thrown;
      });
  }
}

/** The key of the service that a slice belongs to: an index function. */
function sliceService(slice: EndpointSlice): readonly string[] {
  const name = slice.metadata?.labels?.[serviceName];
  return name === undefined ? [] : [`${slice.metadata?.namespace}/${name}`];
}

function labelsOf(service: Service): Record<string, string> {
  const labels: Record<string, string> = { ...service.metadata?.labels };
  delete labels[headless];
  if (isHeadless(service)) labels[headless] = '';
  return { ...labels, [serviceName]: service.metadata!.name!, [managedBy]: manager };
}

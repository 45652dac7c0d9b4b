import type { World } from '@keelson/base';
import { type ApiObject, addressFamily, canonicalAddress, type Resource, type ResourceCatalogue } from '@keelson/model';
import type { Operation } from '@keelson/store';
import type { ObjectChange } from '../admission/contract.ts';
import { StatusError } from '../request/status-error.ts';
import { encodeFrom } from '../resources/object-form.ts';
import { stampNew } from '../resources/object-metadata.ts';
import type { ObjectWriter } from '../resources/object-writer.ts';
import type { ResourceCaches } from '../storage/resource-caches.ts';

const group = 'networking.k8s.io';
const managedBy = 'ipaddress.kubernetes.io/managed-by';
const allocator = 'ipallocator.k8s.io';
/** How soon an IPAddress comes back that was taken away from a Service, in milliseconds. */
const repairDelay = 1000;
const user = { name: 'system:apiserver', groups: ['system:masters'] };

export function addressesOf({ spec = {} }: Readonly<ApiObject>): string[] {
  const all: (string | undefined)[] = spec.clusterIPs ?? [spec.clusterIP];
  return all.filter((address): address is string => !!address && address !== 'None');
}

/** Whether an IPAddress was written for a Service, and not by somebody who keeps an address for himself. */
export function isOurs(record: Readonly<ApiObject>): boolean {
  return record.metadata?.labels?.[managedBy] === allocator && record['spec']?.parentRef?.resource === 'services';
}

/**
 * The IPAddress objects of Services (networking.k8s.io/v1): written and removed in the same transaction as the Service,
 * so that there is never one without the other. One that is deleted under a Service comes back.
 */
export class AddressRecords {
  readonly #resource: Resource;
  readonly #caches: ResourceCaches;
  readonly #world: World;

  private constructor(resource: Resource, caches: ResourceCaches, world: World) {
    this.#resource = resource;
    this.#caches = caches;
    this.#world = world;
  }

  /** Undefined where IPAddress is not served. */
  static of(catalogue: ResourceCatalogue, caches: ResourceCaches, world: World): AddressRecords | undefined {
    const resource = catalogue.find(group, 'v1', 'ipaddresses');
    return resource === undefined ? undefined : new AddressRecords(resource, caches, world);
  }

  /** What a Service's write does beyond the Service. */
  async operations(
    object: Readonly<ApiObject> | undefined,
    previous: Readonly<ApiObject> | undefined,
  ): Promise<Operation[]> {
    const now = object === undefined ? [] : addressesOf(object);
    const before = previous === undefined ? [] : addressesOf(previous);
    const gone = before.filter((address) => !now.includes(address));
    const come = now.filter((address) => !before.includes(address));
    return [
      ...gone.map((address): Operation => ({ type: 'delete', key: this.#keyOf(address) })),
      ...(await Promise.all(come.map((address) => this.#put(address, object!)))),
    ];
  }

  /** Writes what is missing now, and again whenever one is deleted under a Service. Returns what ends it. */
  async keep(writer: ObjectWriter): Promise<() => void> {
    await this.#repair(writer);
    let timer: { cancel(): void } | undefined;
    const stop = this.#caches.observe(group, 'ipaddresses', ({ current, previous }: ObjectChange) => {
      if (current !== undefined || previous === undefined || timer !== undefined) return;
      timer = this.#world.clock.setTimer(repairDelay, () => {
        timer = undefined;
        this.#repair(writer).catch((error: unknown) =>
          this.#world.log.error('addresses of Services were not repaired', { error }),
        );
      });
    });
    return () => {
      timer?.cancel();
      stop();
    };
  }

  async #repair(writer: ObjectWriter): Promise<void> {
    const cache = this.#caches.of(this.#resource)!;
    const context = { resource: this.#resource, subresource: '', namespace: '', user, dryRun: false, warnings: [] };
    for (const service of this.#caches.list('', 'services')) {
      for (const address of addressesOf(service)) {
        if (cache.get('', canonicalAddress(address)) !== undefined) continue;
        await writer
          .create(context, () => this.#record(address, service))
          .catch((error: unknown) => {
            if (!(error instanceof StatusError && error.code < 500)) throw error;
          });
      }
    }
  }

  #keyOf(address: string): string {
    return this.#caches.of(this.#resource)!.keyOf('', canonicalAddress(address));
  }

  async #put(address: string, service: Readonly<ApiObject>): Promise<Operation> {
    const record = this.#record(address, service);
    stampNew(record, this.#resource, this.#world);
    return { type: 'put', key: this.#keyOf(address), value: await encodeFrom(this.#resource, record) };
  }

  #record(address: string, { metadata }: Readonly<ApiObject>): ApiObject {
    const family = addressFamily(address) === 6 ? 'IPv6' : 'IPv4';
    const labels = { [managedBy]: allocator, 'ipaddress.kubernetes.io/ip-family': family };
    const { namespace = '', name = '' } = metadata ?? {};
    return {
      apiVersion: `${group}/v1`,
      kind: 'IPAddress',
      metadata: { name: canonicalAddress(address), labels },
      spec: { parentRef: { resource: 'services', namespace, name } },
    };
  }
}

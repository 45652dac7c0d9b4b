import type { Random } from '@keelson/base';
import { type ApiObject, type FieldError, invalid as fieldInvalid } from '@keelson/model';
import type { ObjectReader } from '../admission/contract.ts';
import { internal, invalid } from '../request/status-error.ts';
import type { PendingWrite, Reservation, ResourceHooks } from '../resources/resource-hooks.ts';
import { AddressBlock } from './address-block.ts';
import { AddressPool } from './address-pool.ts';
import { type AddressRecords, addressesOf, isOurs } from './address-records.ts';
import { NumberPool } from './number-pool.ts';

export interface ServiceNetwork {
  /** Addresses of Services: `10.100.0.0/16`. The first is the API server's own Service's. */
  readonly block: string;
  /** By default 30000 to 32767. */
  readonly nodePorts?: { readonly first: number; readonly last: number };
}

export const defaultNodePorts = { first: 30_000, last: 32_767 };

const networking = 'networking.k8s.io';

/** Visits each pool with the value that is held of it. */
type Visit = <T extends string | number>(
  pool: { store(value: T, owner: string): void; forget(value: T, owner: string): void },
  value: T,
) => void;

/** Not while it is being deleted, nor before it is ready. */
function givesOut({ metadata, status }: Readonly<ApiObject>): boolean {
  const conditions: { type: string; status: string }[] = status?.conditions ?? [];
  return (
    metadata?.deletionTimestamp === undefined &&
    conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')
  );
}

interface Port {
  nodePort?: number;
  protocol?: string;
}

const ownerOf = (service: Readonly<ApiObject>): string =>
  `${service.metadata?.namespace ?? ''}/${service.metadata?.name ?? ''}`;
const wantsAddress = ({ spec = {} }: Readonly<ApiObject>): boolean =>
  spec.type !== 'ExternalName' && spec.clusterIP !== 'None';
const wantsNodePorts = ({ spec = {} }: Readonly<ApiObject>): boolean =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
const wantsHealthPort = ({ spec = {} }: Readonly<ApiObject>): boolean =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';

/** Gives Services their cluster IPs and node ports. Several API servers on one store must not allocate at a time. */
export class ServiceHooks implements ResourceHooks {
  readonly group = '';
  readonly resource = 'services';
  readonly #block: AddressBlock;
  readonly #addresses: AddressPool;
  readonly #records: AddressRecords | undefined;
  readonly #ports: NumberPool;
  readonly #portText: string;

  /**
   * @param records writes an IPAddress for each address; absent where that kind is not served
   * @throws RangeError for a block that is none
   */
  constructor(network: ServiceNetwork, random: Random, records?: AddressRecords) {
    const { first, last } = network.nodePorts ?? defaultNodePorts;
    this.#block = new AddressBlock(network.block);
    this.#addresses = new AddressPool(this.#block, random);
    this.#records = records;
    this.#ports = new NumberPool(first, last, random);
    this.#portText = `${first}-${last}`;
  }

  /** The address of the API server's own Service. */
  get apiServerAddress(): string {
    return this.#block.at(1);
  }

  /** Learns which addresses and ports stored objects hold, now and from now on. Returns what ends it. */
  follow(reader: ObjectReader): () => void {
    const ends = [
      reader.observe('', 'services', ({ current, previous }) => {
        if (previous !== undefined) this.#each(previous, (pool, value) => pool.forget(value, ownerOf(previous)));
        if (current !== undefined) this.#each(current, (pool, value) => pool.store(value, ownerOf(current)));
      }),
      reader.observe(networking, 'servicecidrs', ({ current, previous }) => {
        const name = (current ?? previous)?.metadata?.name ?? '';
        this.#addresses.setBlocks(
          name,
          current !== undefined && givesOut(current) ? (current['spec']?.cidrs ?? []) : [],
        );
      }),
      // An address that somebody keeps by an IPAddress of his own is no Service's.
      reader.observe(networking, 'ipaddresses', ({ current, previous }) => {
        const name = (current ?? previous)?.metadata?.name ?? '';
        this.#addresses.forget(name, `ipaddress ${name}`);
        if (current !== undefined && !isOurs(current)) this.#addresses.store(name, `ipaddress ${name}`);
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  async reserve({ object, previous }: PendingWrite): Promise<Reservation | undefined> {
    const taken: (() => void)[] = [];
    const free = () => {
      for (const settle of taken) settle();
    };
    try {
      if (object !== undefined) {
        this.#address(object, taken);
        this.#nodePorts(object, previous, taken);
      }
      const operations = await this.#records?.operations(object, previous);
      return { commit: free, undo: free, ...(operations === undefined ? {} : { operations }) };
    } catch (error) {
      free();
      throw error;
    }
  }

  #address(service: ApiObject, taken: (() => void)[]): void {
    const spec = (service['spec'] ??= {});
    if (!wantsAddress(service)) return;
    const owner = ownerOf(service);
    const wanted: string = spec.clusterIP ?? spec.clusterIPs?.[0] ?? '';
    if (wanted !== '') {
      const fail = (why: string) =>
        this.#refuse(service, [fieldInvalid('spec.clusterIPs', [wanted], `failed to allocate IP ${wanted}: ${why}`)]);
      if (!this.#addresses.has(wanted))
        throw fail(
          `the provided IP (${wanted}) is not in the valid range. The range of valid IPs is ${this.#block.text}`,
        );
      if (this.#addresses.takenBy(wanted, owner)) throw fail('provided IP is already allocated');
      this.#addresses.take(wanted, owner);
    }
    const address = wanted !== '' ? wanted : this.#addresses.takeAny(owner);
    if (address === undefined) throw internal('failed to allocate a serviceIP: range is full');
    taken.push(() => this.#addresses.settle(address));
    spec.clusterIP = address;
    spec.clusterIPs = [spec.clusterIP, ...(spec.clusterIPs ?? []).slice(1)];
    spec.ipFamilies ??= ['IPv4'];
    spec.ipFamilyPolicy ??= 'SingleStack';
  }

  #nodePorts(service: ApiObject, previous: Readonly<ApiObject> | undefined, taken: (() => void)[]): void {
    const spec = service['spec'];
    const ports: Port[] = spec.ports ?? [];
    const explicit = wantsNodePorts(service) || spec.type === 'LoadBalancer';
    if (explicit) {
      const own = new Map<number, string[]>();
      ports.forEach((port, position) => {
        const number = port.nodePort ?? 0;
        if (number !== 0) {
          this.#takePort(service, `spec.ports[${position}].nodePort`, number, own.has(number), taken);
          own.set(number, [...(own.get(number) ?? []), port.protocol ?? 'TCP']);
        } else if (wantsNodePorts(service)) {
          port.nodePort = this.#anyPort(service, taken);
          own.set(port.nodePort, [port.protocol ?? 'TCP']);
        }
      });
    }
    if (!wantsHealthPort(service)) return;
    const before: number = previous?.['spec']?.healthCheckNodePort ?? 0;
    const number: number = spec.healthCheckNodePort ?? 0;
    if (number !== 0) this.#takePort(service, 'spec.healthCheckNodePort', number, number === before, taken);
    else spec.healthCheckNodePort = before !== 0 ? before : this.#anyPort(service, taken);
  }

  /** @param shared the Service has it already, for another protocol */
  #takePort(service: ApiObject, field: string, number: number, shared: boolean, taken: (() => void)[]): void {
    const fail = (why: string) => this.#refuse(service, [fieldInvalid(field, number, why)]);
    if (shared) return;
    if (!this.#ports.has(number))
      throw fail(`provided port is not in the valid range. The range of valid ports is ${this.#portText}`);
    if (this.#ports.takenBy(number, ownerOf(service))) throw fail('provided port is already allocated');
    this.#ports.take(number, ownerOf(service));
    taken.push(() => this.#ports.settle(number));
  }

  #anyPort(service: ApiObject, taken: (() => void)[]): number {
    const number = this.#ports.takeAny(ownerOf(service));
    if (number === undefined) throw internal('failed to allocate a nodePort: range is full');
    taken.push(() => this.#ports.settle(number));
    return number;
  }

  #refuse(service: ApiObject, problems: FieldError[]): Error {
    return invalid({ group: '', kind: 'Service' }, service.metadata?.name ?? '', problems);
  }

  /** Everything that a stored Service holds. */
  #each(service: Readonly<ApiObject>, visit: Visit): void {
    const { spec = {} } = service;
    for (const address of addressesOf(service)) visit(this.#addresses, address);
    const numbers = ((spec.ports ?? []) as Port[]).map((port) => port.nodePort ?? 0);
    for (const number of new Set([...numbers, spec.healthCheckNodePort ?? 0])) {
      if (this.#ports.has(number)) visit(this.#ports, number);
    }
  }
}

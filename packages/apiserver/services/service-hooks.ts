import type { Random } from '@keelson/base';
import { type ApiObject, type FieldError, invalid as fieldInvalid } from '@keelson/model';
import type { ObjectReader } from '../admission/contract.ts';
import { internal, invalid } from '../request/status-error.ts';
import type { PendingWrite, Reservation, ResourceHooks } from '../resources/resource-hooks.ts';
import { AddressBlock } from './address-block.ts';
import { NumberPool } from './number-pool.ts';

export interface ServiceNetwork {
  /** Addresses of Services: `10.100.0.0/16`. The first is the API server's own Service's. */
  readonly block: string;
  /** By default 30000 to 32767. */
  readonly nodePorts?: { readonly first: number; readonly last: number };
}

export const defaultNodePorts = { first: 30_000, last: 32_767 };

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
  readonly #addresses: NumberPool;
  readonly #ports: NumberPool;
  readonly #portText: string;

  /** @throws RangeError for a block that is none */
  constructor(network: ServiceNetwork, random: Random) {
    const { first, last } = network.nodePorts ?? defaultNodePorts;
    this.#block = new AddressBlock(network.block);
    // Position 1 is kept for default/kubernetes, which asks for it by its address.
    this.#addresses = new NumberPool(2, this.#block.size - 2, random);
    this.#ports = new NumberPool(first, last, random);
    this.#portText = `${first}-${last}`;
  }

  /** The address of the API server's own Service. */
  get apiServerAddress(): string {
    return this.#block.at(1);
  }

  /** Learns which addresses and ports stored Services hold, now and from now on. Returns what ends it. */
  follow(reader: ObjectReader): () => void {
    return reader.observe('', 'services', ({ current, previous }) => {
      if (previous !== undefined) this.#each(previous, (pool, number) => pool.forget(number, ownerOf(previous)));
      if (current !== undefined) this.#each(current, (pool, number) => pool.store(number, ownerOf(current)));
    });
  }

  async reserve({ object, previous }: PendingWrite): Promise<Reservation | undefined> {
    if (object === undefined) return undefined;
    const taken: [NumberPool, number][] = [];
    const free = () => {
      for (const [pool, number] of taken) pool.settle(number);
    };
    try {
      this.#address(object, taken);
      this.#nodePorts(object, previous, taken);
    } catch (error) {
      free();
      throw error;
    }
    return { commit: free, undo: free };
  }

  #address(service: ApiObject, taken: [NumberPool, number][]): void {
    const spec = (service['spec'] ??= {});
    if (!wantsAddress(service)) return;
    const owner = ownerOf(service);
    const wanted: string = spec.clusterIP ?? spec.clusterIPs?.[0] ?? '';
    let position = wanted === '' ? this.#addresses.takeAny(owner) : this.#block.positionOf(wanted);
    if (wanted !== '') {
      const fail = (why: string) =>
        this.#refuse(service, [fieldInvalid('spec.clusterIPs', [wanted], `failed to allocate IP ${wanted}: ${why}`)]);
      if (position === undefined)
        throw fail(
          `the provided IP (${wanted}) is not in the valid range. The range of valid IPs is ${this.#block.text}`,
        );
      if (this.#addresses.takenBy(position, owner)) throw fail('provided IP is already allocated');
      this.#addresses.take(position, owner);
    } else if (position === undefined) {
      throw internal('failed to allocate a serviceIP: range is full');
    }
    position = position!;
    taken.push([this.#addresses, position]);
    spec.clusterIP = this.#block.at(position);
    spec.clusterIPs = [spec.clusterIP, ...(spec.clusterIPs ?? []).slice(1)];
    spec.ipFamilies ??= ['IPv4'];
    spec.ipFamilyPolicy ??= 'SingleStack';
  }

  #nodePorts(service: ApiObject, previous: Readonly<ApiObject> | undefined, taken: [NumberPool, number][]): void {
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
  #takePort(service: ApiObject, field: string, number: number, shared: boolean, taken: [NumberPool, number][]): void {
    const fail = (why: string) => this.#refuse(service, [fieldInvalid(field, number, why)]);
    if (shared) return;
    if (!this.#ports.has(number))
      throw fail(`provided port is not in the valid range. The range of valid ports is ${this.#portText}`);
    if (this.#ports.takenBy(number, ownerOf(service))) throw fail('provided port is already allocated');
    this.#ports.take(number, ownerOf(service));
    taken.push([this.#ports, number]);
  }

  #anyPort(service: ApiObject, taken: [NumberPool, number][]): number {
    const number = this.#ports.takeAny(ownerOf(service));
    if (number === undefined) throw internal('failed to allocate a nodePort: range is full');
    taken.push([this.#ports, number]);
    return number;
  }

  #refuse(service: ApiObject, problems: FieldError[]): Error {
    return invalid({ group: '', kind: 'Service' }, service.metadata?.name ?? '', problems);
  }

  /** Everything that a stored Service holds. */
  #each({ spec = {} }: Readonly<ApiObject>, visit: (pool: NumberPool, number: number) => void): void {
    for (const address of (spec.clusterIPs ?? [spec.clusterIP]) as (string | undefined)[]) {
      const position = this.#block.positionOf(address ?? '');
      if (position !== undefined) visit(this.#addresses, position);
    }
    const numbers = ((spec.ports ?? []) as Port[]).map((port) => port.nodePort ?? 0);
    for (const number of new Set([...numbers, spec.healthCheckNodePort ?? 0])) {
      if (this.#ports.has(number)) visit(this.#ports, number);
    }
  }
}

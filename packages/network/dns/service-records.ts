import type { Service } from '@keelson/model/generated/types/core-v1.ts';
import type { EndpointSlice } from '@keelson/model/generated/types/discovery-v1.ts';
import { type DnsName, type DnsRecord, nameOf } from './message.ts';
import { addressRecord, cnameRecord, ptrRecord, reverseName, srvRecord } from './records.ts';

/** What one Service puts into the cluster's zone (kubernetes/dns, specification 1.1). */
export interface ServiceRecords {
  /** Records by what stands before `SERVICE.NAMESPACE.svc.ZONE`, '' for that name itself; labels in lower case, with dots. */
  readonly byName: ReadonlyMap<string, readonly DnsRecord[]>;
  /** Addresses of SRV targets, by the target's name with dots. */
  readonly targets: ReadonlyMap<string, readonly DnsRecord[]>;
  /** PTR records by their name in in-addr.arpa or ip6.arpa. */
  readonly reverse: ReadonlyMap<string, readonly DnsRecord[]>;
}

export interface RecordSettings {
  /** The cluster's domain: `cluster.local`. */
  readonly zone: DnsName;
  /** Seconds. */
  readonly ttl: number;
}

interface ReadyEndpoint {
  readonly address: string;
  /** Its hostname, or its address with dashes. */
  readonly label: string;
  readonly ports: readonly { readonly name: string; readonly protocol: string; readonly port: number }[];
}

/** Plans the records of a Service. Pure: the order of records follows the addresses, for the server to turn. */
export function planServiceRecords(
  service: Service,
  slices: readonly EndpointSlice[],
  settings: RecordSettings,
): ServiceRecords {
  const plan = new Plan(service, settings);
  const { spec } = service;
  if (spec?.type === 'ExternalName') plan.externalName(spec.externalName ?? '');
  else {
    const addresses = (spec?.clusterIPs ?? [spec?.clusterIP ?? '']).filter((address) => address && address !== 'None');
    const endpoints = readyEndpoints(slices);
    if (addresses.length > 0) plan.clusterIps(addresses);
    plan.endpoints(endpoints, addresses.length === 0);
  }
  return plan;
}

function readyEndpoints(slices: readonly EndpointSlice[]): ReadyEndpoint[] {
  const found = new Map<string, ReadyEndpoint>();
  for (const slice of slices) {
    const ports = (slice.ports ?? []).flatMap(({ name = '', protocol = 'TCP', port }) =>
      port === undefined ? [] : [{ name, protocol: protocol.toLowerCase(), port }],
    );
    for (const { addresses, conditions, hostname } of slice.endpoints ?? []) {
      if (conditions?.ready === false) continue;
      for (const address of addresses) {
        const label = (hostname || address.replace(/[.:]/g, '-')).toLowerCase();
        const known = found.get(`${label}/${address}`);
        // The ports of one endpoint can be spread over slices, when a target port is a name.
        found.set(`${label}/${address}`, { address, label, ports: [...(known?.ports ?? []), ...ports] });
      }
    }
  }
  return [...found.values()].sort((one, other) => (one.address < other.address ? -1 : 1));
}

class Plan implements ServiceRecords {
  readonly byName = new Map<string, DnsRecord[]>();
  readonly targets = new Map<string, DnsRecord[]>();
  readonly reverse = new Map<string, DnsRecord[]>();
  readonly #service: Service;
  readonly #name: DnsName;
  readonly #ttl: number;

  constructor(service: Service, { zone, ttl }: RecordSettings) {
    this.#service = service;
    this.#name = [service.metadata?.name ?? '', service.metadata?.namespace ?? '', 'svc', ...zone];
    this.#ttl = ttl;
  }

  externalName(target: string): void {
    const name = nameOf(target);
    const fits = name.length > 0 && target.length < 254 && name.every((label) => label.length < 64);
    if (fits) this.#add('', cnameRecord(this.#name, this.#ttl, name));
  }

  clusterIps(addresses: readonly string[]): void {
    for (const address of addresses) this.#address('', this.#name, address);
    const ports = this.#service.spec?.ports ?? [];
    for (const { name = '', protocol = 'TCP', port } of ports)
      this.#srv(name, protocol.toLowerCase(), { weight: 100, port, target: this.#name });
  }

  /** Every ready endpoint has a name of its own; a headless Service answers with all of them. */
  endpoints(endpoints: readonly ReadyEndpoint[], headless: boolean): void {
    const seen = new Set<string>();
    for (const { address, label, ports } of endpoints) {
      const own = [label, ...this.#name];
      this.#address(label, own, address);
      if (!headless) continue;
      const shared = addressRecord(this.#name, this.#ttl, address);
      if (shared && !seen.has(address)) this.#add('', shared);
      seen.add(address);
      const weight = Math.max(Math.floor(100 / endpoints.length), 1);
      for (const { name, protocol, port } of ports) this.#srv(name, protocol, { weight, port, target: own });
    }
  }

  #add(name: string, record: DnsRecord): void {
    const known = this.byName.get(name);
    if (known === undefined) this.byName.set(name, [record]);
    else if (!known.some((other) => other.type === record.type && Buffer.compare(other.data, record.data) === 0))
      known.push(record);
  }

  #address(relative: string, name: DnsName, address: string): void {
    const record = addressRecord(name, this.#ttl, address);
    const reverse = reverseName(address);
    if (record === undefined || reverse === undefined) return;
    this.#add(relative, record);
    push(this.targets, name.join('.'), record);
    push(this.reverse, reverse, ptrRecord(nameOf(reverse), this.#ttl, name));
  }

  /** The record of a port, and, as CoreDNS has it, of all ports at the Service's own name. */
  #srv(port: string, protocol: string, data: { weight: number; port: number; target: DnsName }): void {
    this.#add('', srvRecord(this.#name, this.#ttl, data));
    if (port === '') return;
    const labels = [`_${port}`, `_${protocol}`];
    this.#add(labels.join('.'), srvRecord([...labels, ...this.#name], this.#ttl, data));
    // The name between them exists, though it has no records.
    if (!this.byName.has(labels[1]!)) this.byName.set(labels[1]!, []);
  }
}

function push(map: Map<string, DnsRecord[]>, key: string, record: DnsRecord): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [record]);
  else known.push(record);
}

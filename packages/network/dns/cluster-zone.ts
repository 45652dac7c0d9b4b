import type { Service } from '@keelson/model/generated/types/core-v1.ts';
import type { EndpointSlice } from '@keelson/model/generated/types/discovery-v1.ts';
import { parseAddress } from '../ipv4.ts';
import { nameInData } from './decode-message.ts';
import { type DnsName, type DnsRecord, nameOf, nameText, recordTypes, responseCodes } from './message.ts';
import { addressRecord, ipv6Bytes, nsRecord, soaRecord, txtRecord } from './records.ts';
import { planServiceRecords, type ServiceRecords } from './service-records.ts';

export interface ClusterZoneOptions {
  /** `cluster.local`. */
  readonly zone: string;
  /** Zones of addresses that are answered: `in-addr.arpa`, `ip6.arpa`, or zones below these. */
  readonly reverseZones: readonly string[];
  /** Zones whose absent names are asked elsewhere; '' means all. */
  readonly fallthrough: readonly string[];
  /** Seconds. Default 5. */
  readonly ttl?: number;
  /** Whether `1-2-3-4.NAMESPACE.pod.ZONE` is answered, whoever has that address. */
  readonly podNames: boolean;
  /** Addresses that the zone's own server is found at; for `ns.dns.ZONE`. */
  readonly serverAddresses: () => readonly string[];
}

/** What the zone has for a name and type. */
export interface ZoneAnswer {
  readonly code: number;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
  /** Where a CNAME leads out of the zone: its target is to be resolved and the records added. */
  readonly follow?: DnsName;
}

type Found = readonly DnsRecord[] | undefined;

/** The names of a cluster's Services and pods (kubernetes/dns, specification 1.1), kept current one object at a time. */
export class ClusterZone {
  readonly #options: ClusterZoneOptions;
  readonly #zone: DnsName;
  readonly #zoneText: string;
  readonly #ttl: number;
  readonly #services = new Map<string, ServiceRecords>();
  readonly #namespaces = new Set<string>();
  readonly #reverse = new Map<string, Map<string, readonly DnsRecord[]>>();
  /** False until everything that exists was set once: till then an absent name may only be one that was not heard of. */
  complete = false;
  #serial = 1;

  constructor(options: ClusterZoneOptions) {
    this.#options = options;
    this.#zone = nameOf(options.zone);
    this.#zoneText = nameText(this.#zone);
    this.#ttl = options.ttl ?? 5;
  }

  setNamespace(name: string, exists: boolean): void {
    if (exists) this.#namespaces.add(name);
    else this.#namespaces.delete(name);
    this.#serial++;
  }

  /** Plans the Service `namespace/name` anew, or forgets it when it is undefined. */
  setService(key: string, service: Service | undefined, slices: readonly EndpointSlice[]): void {
    const before = this.#services.get(key);
    for (const name of before?.reverse.keys() ?? []) {
      const owners = this.#reverse.get(name);
      owners?.delete(key);
      if (owners?.size === 0) this.#reverse.delete(name);
    }
    this.#services.delete(key);
    this.#serial++;
    if (service === undefined) return;
    const records = planServiceRecords(service, slices, { zone: this.#zone, ttl: this.#ttl });
    this.#services.set(key, records);
    for (const [name, pointers] of records.reverse) {
      let owners = this.#reverse.get(name);
      if (owners === undefined) this.#reverse.set(name, (owners = new Map()));
      owners.set(key, pointers);
    }
  }

  /** The zone's answer; undefined when the name is in none of its zones, or absent where absent names fall through. */
  answer(name: DnsName, type: number): ZoneAnswer | undefined {
    const text = nameText(name);
    const zone = [this.#zoneText, ...this.#options.reverseZones].find((one) => isWithin(text, one));
    if (zone === undefined) return undefined;
    // A label with a dot in it can be nobody's name here, and must not be taken for two labels.
    const plain = !name.some((label) => label.includes('.'));
    const found = !plain ? undefined : zone === this.#zoneText ? this.#forward(name) : this.#pointers(text, zone);
    if (found === undefined) {
      if (this.#options.fallthrough.some((one) => isWithin(text, one))) return undefined;
      return this.#nothing(zone, responseCodes.NXDOMAIN);
    }
    const alias = found.find((record) => record.type === recordTypes.CNAME);
    const wanted = found.filter((record) => record.type === type || type === recordTypes.ANY);
    const answers = (wanted.length > 0 ? wanted : alias ? [alias] : []).map((record) => ({ ...record, name }));
    if (answers.length === 0) return this.#nothing(zone, responseCodes.NOERROR);
    const target = alias && wanted.length === 0 ? nameInData(alias.data) : undefined;
    const additionals = type === recordTypes.SRV ? this.#targetsOf(answers) : [];
    return { code: responseCodes.NOERROR, answers, authorities: [], additionals, ...(target && { follow: target }) };
  }

  #nothing(zone: string, code: number): ZoneAnswer {
    return { code, answers: [], authorities: [soaRecord(nameOf(zone), this.#ttl, this.#serial)], additionals: [] };
  }

  /** Records of a name in the cluster's domain; empty for one that exists without any, undefined for one that does not. */
  #forward(name: DnsName): Found {
    const labels = name.slice(0, name.length - this.#zone.length).map((label) => label.toLowerCase());
    if (labels.length === 0) {
      const server = nsRecord(this.#zone, this.#ttl, ['ns', 'dns', ...this.#zone]);
      return [soaRecord(this.#zone, this.#ttl, this.#serial), server];
    }
    if (labels.join('.') === 'dns-version') return [txtRecord(name, this.#ttl, '1.1.0')];
    if (labels.join('.') === 'ns.dns')
      return this.#options.serverAddresses().flatMap((address) => addressRecord(name, this.#ttl, address) ?? []);
    const kind = labels.at(-1)!;
    const namespace = labels.at(-2);
    if (kind === 'dns' && labels.length === 1) return [];
    if (kind !== 'svc' && kind !== 'pod') return undefined;
    if (namespace === undefined) return [];
    if (labels.length === 2) return this.#namespaces.has(namespace) ? [] : undefined;
    if (kind === 'pod') return labels.length === 3 ? this.#pod(name, labels[0]!, namespace) : undefined;
    const service = this.#services.get(`${namespace}/${labels.at(-3)}`);
    return service?.byName.get(labels.slice(0, -3).join('.')) ?? (labels.length === 3 && service ? [] : undefined);
  }

  #pod(name: DnsName, label: string, namespace: string): Found {
    if (!this.#options.podNames || !this.#namespaces.has(namespace)) return undefined;
    const dashes = label.split('-').length - 1;
    const address = dashes === 3 && !label.includes('--') ? label.replaceAll('-', '.') : label.replaceAll('-', ':');
    const record = addressRecord(name, this.#ttl, address);
    return record && [record];
  }

  #pointers(text: string, zone: string): Found {
    const found = [...(this.#reverse.get(text)?.values() ?? [])].flat();
    if (found.length > 0) return found;
    return text === zone ? [soaRecord(nameOf(zone), this.#ttl, this.#serial)] : undefined;
  }

  /** The addresses that SRV records lead to. */
  #targetsOf(answers: readonly DnsRecord[]): DnsRecord[] {
    const found = new Map<string, readonly DnsRecord[]>();
    for (const { type, data } of answers) {
      const target = type === recordTypes.SRV ? nameInData(data, 6) : undefined;
      if (target === undefined) continue;
      const labels = target.slice(0, target.length - this.#zone.length);
      const service = this.#services.get(`${labels.at(-2)}/${labels.at(-3)}`);
      found.set(target.join('.'), service?.targets.get(target.join('.')) ?? []);
    }
    return [...found.values()].flat();
  }
}

function isWithin(name: string, zone: string): boolean {
  return zone === '' || name === zone || name.endsWith(`.${zone}`);
}

/** True for the text of an IPv4 or IPv6 address. */
export function isAddress(text: string): boolean {
  return parseAddress(text) !== undefined || ipv6Bytes(text) !== undefined;
}

import { type Random, randomInteger } from '@keelson/base';
import { wireName } from '../dns/decode-message.ts';
import {
  type DnsMessage,
  type DnsName,
  type DnsQuestion,
  type DnsRecord,
  internetClass,
  nameOf,
  nameText,
  recordTypes,
  replyTo,
  responseCodes,
} from '../dns/message.ts';
import { addressRecord, ptrRecord } from '../dns/records.ts';
import type { VpcNames } from './vpc-names.ts';

/** Seconds for which answers, and that a name is absent, may be remembered; EC2 and load balancers both have it so. */
const timeToLive = 60;
const queryOpcode = 0;

/** Answers questions from the names of a VPC. */
export class NameAnswers {
  readonly #random: Random;
  readonly #zones: ReadonlySet<string>;
  readonly #addresses: ReadonlyMap<string, readonly string[]>;
  readonly #pointers: ReadonlyMap<string, string>;
  /** Names that have none of their own, but lie between a zone and one that has. */
  readonly #between = new Set<string>();

  constructor(names: VpcNames, random: Random) {
    this.#random = random;
    this.#zones = new Set(names.zones);
    this.#addresses = new Map(Object.entries(names.addresses));
    this.#pointers = new Map(Object.entries(names.pointers));
    for (const name of [...this.#addresses.keys(), ...this.#pointers.keys()]) {
      for (let parent = parentOf(name); parent !== undefined; parent = parentOf(parent)) {
        if (this.#between.has(parent) || this.zoneOf(parent) === undefined) break;
        this.#between.add(parent);
      }
    }
  }

  /** The nearest zone that a name is in; undefined for a name that is not answered here. */
  zoneOf(name: string): string | undefined {
    for (let zone: string | undefined = name; zone !== undefined; zone = parentOf(zone)) {
      if (this.#zones.has(zone)) return zone;
    }
    return undefined;
  }

  /**
   * The answer to a query; undefined when the name is not in any zone here. What is wrong with the query itself is
   * answered with the code of RFC 1035 and RFC 6891.
   */
  answer(query: DnsMessage): DnsMessage | undefined {
    const reply = (change: Partial<DnsMessage> = {}) => replyTo(query, { recursionAvailable: true, ...change });
    if (query.opcode !== queryOpcode) return reply({ code: responseCodes.NOTIMP });
    const [question, ...more] = query.questions;
    if (question === undefined || more.length > 0) return reply({ code: responseCodes.FORMERR });
    if ((query.edns?.version ?? 0) > 0) return reply({ code: responseCodes.BADVERS });
    if (question.class !== internetClass) return reply({ code: responseCodes.REFUSED });
    const name = nameText(question.name);
    const zone = this.zoneOf(name);
    if (zone === undefined) return undefined;
    const soa = zoneAuthority(nameOf(zone));
    const answers = this.#records(question, name, name === zone ? soa : undefined);
    if (answers.length > 0) return reply({ answers });
    return reply({ code: this.#exists(name) ? responseCodes.NOERROR : responseCodes.NXDOMAIN, authorities: [soa] });
  }

  #exists(name: string): boolean {
    return [this.#addresses, this.#pointers, this.#zones, this.#between].some((names) => names.has(name));
  }

  #records({ name, type }: DnsQuestion, text: string, soa: DnsRecord | undefined): DnsRecord[] {
    const asksFor = (one: number) => type === one || type === recordTypes.ANY;
    const addresses = asksFor(recordTypes.A) ? (this.#addresses.get(text) ?? []) : [];
    const pointer = asksFor(recordTypes.PTR) ? this.#pointers.get(text) : undefined;
    return [
      ...this.#turned(addresses).flatMap((address) => addressRecord(name, timeToLive, address) ?? []),
      ...(pointer === undefined ? [] : [ptrRecord(name, timeToLive, nameOf(pointer))]),
      ...(soa !== undefined && asksFor(recordTypes.SOA) ? [{ ...soa, name }] : []),
    ];
  }

  /** Beginning at a random place: clients take the first. */
  #turned(addresses: readonly string[]): readonly string[] {
    if (addresses.length < 2) return addresses;
    const start = randomInteger(this.#random, addresses.length);
    return [...addresses.slice(start), ...addresses.slice(0, start)];
  }
}

function parentOf(name: string): string | undefined {
  const dot = name.indexOf('.');
  return dot < 0 ? undefined : name.slice(dot + 1);
}

/** The SOA of a zone of Amazon's: its server is `ns0.ZONE`. */
function zoneAuthority(zone: DnsName): DnsRecord {
  const numbers = Buffer.alloc(20);
  for (const [index, value] of [1, 3600, 3600, 3600, timeToLive].entries()) numbers.writeUInt32BE(value, 4 * index);
  const data = Buffer.concat([wireName(['ns0', ...zone]), wireName(['hostmaster', 'amazon', 'com']), numbers]);
  return { name: zone, type: recordTypes.SOA, class: internetClass, ttl: timeToLive, data };
}

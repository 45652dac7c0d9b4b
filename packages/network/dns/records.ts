import { parseAddress } from '../ipv4.ts';
import { wireName } from './decode-message.ts';
import { type DnsName, type DnsRecord, internetClass, recordTypes } from './message.ts';

function record(name: DnsName, type: number, ttl: number, data: Uint8Array): DnsRecord {
  return { name, type, class: internetClass, ttl, data };
}

/** An A or AAAA record, by the form of the address; undefined when `address` is none. */
export function addressRecord(name: DnsName, ttl: number, address: string): DnsRecord | undefined {
  const v4 = parseAddress(address);
  if (v4 !== undefined) {
    const data = Buffer.alloc(4);
    data.writeUInt32BE(v4);
    return record(name, recordTypes.A, ttl, data);
  }
  const v6 = ipv6Bytes(address);
  return v6 && record(name, recordTypes.AAAA, ttl, v6);
}

export function cnameRecord(name: DnsName, ttl: number, target: DnsName): DnsRecord {
  return record(name, recordTypes.CNAME, ttl, wireName(target));
}

export function ptrRecord(name: DnsName, ttl: number, target: DnsName): DnsRecord {
  return record(name, recordTypes.PTR, ttl, wireName(target));
}

export function nsRecord(name: DnsName, ttl: number, server: DnsName): DnsRecord {
  return record(name, recordTypes.NS, ttl, wireName(server));
}

export function srvRecord(
  name: DnsName,
  ttl: number,
  { weight, port, target }: { readonly weight: number; readonly port: number; readonly target: DnsName },
): DnsRecord {
  const numbers = Buffer.alloc(6);
  numbers.writeUInt16BE(weight, 2);
  numbers.writeUInt16BE(port, 4);
  return record(name, recordTypes.SRV, ttl, Buffer.concat([numbers, wireName(target)]));
}

/** `text` must be at most 255 bytes. */
export function txtRecord(name: DnsName, ttl: number, text: string): DnsRecord {
  const bytes = Buffer.from(text);
  return record(name, recordTypes.TXT, ttl, Buffer.concat([Uint8Array.of(bytes.length), bytes]));
}

/** The SOA of a zone whose server is `ns.dns.ZONE`. `ttl` also says for how long an absent name may be remembered. */
export function soaRecord(zone: DnsName, ttl: number, serial: number): DnsRecord {
  const numbers = Buffer.alloc(20);
  for (const [index, value] of [serial % 2 ** 32, 7200, 1800, 86_400, ttl].entries())
    numbers.writeUInt32BE(value, 4 * index);
  const data = Buffer.concat([wireName(['ns', 'dns', ...zone]), wireName(['hostmaster', ...zone]), numbers]);
  return record(zone, recordTypes.SOA, ttl, data);
}

/** The sixteen bytes of an IPv6 address; undefined when `text` is none. */
export function ipv6Bytes(text: string): Uint8Array | undefined {
  const [head = '', tail, more] = text.split('::');
  if (more !== undefined || !text.includes(':')) return undefined;
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const all = [...before, ...Array.from({ length: missing }, () => '0'), ...after];
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  const bytes = Buffer.alloc(16);
  for (const [index, group] of all.entries()) bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * index);
  return bytes;
}

/** The name that a PTR of an address has: `4.3.2.1.in-addr.arpa`; undefined when `address` is none. */
export function reverseName(address: string): string | undefined {
  if (parseAddress(address) !== undefined) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  const bytes = ipv6Bytes(address);
  return bytes && `${[...Buffer.from(bytes).toString('hex')].reverse().join('.')}.ip6.arpa`;
}

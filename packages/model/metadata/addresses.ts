/** IP addresses and CIDR blocks as the API writes them, checked in kube-apiserver's words. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { type FieldError, invalid } from '../field-error.ts';

export type AddressFamily = 4 | 6;

/** The family of an address, or undefined for what is none. Zones (`fe80::1%eth0`) are none here. */
export function addressFamily(text: string): AddressFamily | undefined {
  if (isIPv4(text)) return 4;
  return isIPv6(text) && !text.includes('%') ? 6 : undefined;
}

/** The family of a CIDR block, or undefined for what is none. */
export function blockFamily(text: string): AddressFamily | undefined {
  const match = /^([^/]+)\/(0|[1-9][0-9]{0,2})$/.exec(text);
  const family = match === null ? undefined : addressFamily(match[1]!);
  if (family === undefined) return undefined;
  return Number(match![2]) <= (family === 4 ? 32 : 128) ? family : undefined;
}

export function addressErrors(field: string, text: string): FieldError[] {
  if (addressFamily(text) !== undefined) return [];
  return [invalid(field, text, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
}

export function blockErrors(field: string, text: string): FieldError[] {
  if (blockFamily(text) !== undefined) return [];
  return [invalid(field, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
}

/** A block as every part of Kubernetes writes it: no bits beyond the prefix, IPv6 in its shortest form. */
export function canonicalBlockErrors(field: string, text: string): FieldError[] {
  const malformed = blockErrors(field, text);
  if (malformed.length > 0) return malformed;
  const [address, length] = text.split('/') as [string, string];
  const family = blockFamily(text)!;
  const host = family === 4 ? 32 - Number(length) : 128 - Number(length);
  const value = addressValue(address, family);
  if (value !== (value >> BigInt(host)) << BigInt(host)) {
    return [invalid(field, text, 'must not have bits set beyond the prefix length')];
  }
  const canonical = `${canonicalAddress(address)}/${length}`;
  return canonical === text ? [] : [invalid(field, text, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

/** An address in the one form that names of IPAddress objects have (RFC 5952). The argument is an address. */
export function canonicalAddress(address: string): string {
  return addressFamily(address) === 6 ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}

/** The problems of an address that is an object's name. */
export function addressNameProblems(name: string): string[] {
  if (addressFamily(name) === undefined) return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
  const canonical = canonicalAddress(name);
  return canonical === name ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`];
}

/** An address as a number. */
function addressValue(address: string, family: AddressFamily): bigint {
  if (family === 4) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = '', tail] = canonicalAddress(address).split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [left, right] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

function block(...subnets: [string, number, 'ipv4' | 'ipv6'][]): BlockList {
  const list = new BlockList();
  for (const [network, prefix, family] of subnets) list.addSubnet(network, prefix, family);
  return list;
}

/** Addresses that no endpoint can have, each with why. */
const special: readonly [BlockList, string][] = [
  [block(['0.0.0.0', 32, 'ipv4'], ['::', 128, 'ipv6']), 'may not be unspecified (%s)'],
  [block(['127.0.0.0', 8, 'ipv4'], ['::1', 128, 'ipv6']), 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [
    block(['169.254.0.0', 16, 'ipv4'], ['fe80::', 10, 'ipv6']),
    'may not be in the link-local range (169.254.0.0/16, fe80::/10)',
  ],
  [
    block(['224.0.0.0', 24, 'ipv4'], ['ff02::', 16, 'ipv6']),
    'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  ],
];

/** Why traffic cannot be sent to this address from elsewhere: none, unspecified, loopback, link-local, multicast. */
export function specialAddressErrors(field: string, text: string): FieldError[] {
  const family = addressFamily(text);
  if (family === undefined) return [invalid(field, text, 'must be a valid IP address')];
  return special
    .filter(([list]) => list.check(text, family === 4 ? 'ipv4' : 'ipv6'))
    .map(([, detail]) => invalid(field, text, detail.replace('%s', text)));
}

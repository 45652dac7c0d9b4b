import { isIPv4, isIPv6 } from 'node:net';
import { CelFailure, CelOpaque, type CelValue } from '../values/value.ts';
import { type Implementation, type Overload, overload } from './declaration.ts';

/** IP addresses and blocks of them: `cidr('10.0.0.0/8').containsIP('10.1.2.3')`. */

type Bytes = readonly number[];

function bytesOf(text: string): Bytes {
  if (isIPv4(text)) return text.split('.').map(Number);
  const [head = '', tail] = text.split('::');
  const read = (part: string): number[] =>
    part === ''
      ? []
      : part.split(':').flatMap((group) => {
          if (group.includes('.')) return group.split('.').map(Number);
          const value = Number.parseInt(group, 16);
          return [value >> 8, value & 255];
        });
  const start = read(head);
  if (tail === undefined) return start;
  const end = read(tail);
  return [...start, ...new Array<number>(16 - start.length - end.length).fill(0), ...end];
}

/** The text form of RFC 5952. */
function addressText(bytes: Bytes): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, position) => bytes[2 * position]! * 256 + bytes[2 * position + 1]!);
  let [longest, start] = [1, -1];
  for (let at = 0; at < 8; at += 1) {
    let end = at;
    while (end < 8 && groups[end] === 0) end += 1;
    if (end - at > longest) [longest, start] = [end - at, at];
    at = Math.max(at, end - 1);
  }
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  return start < 0 ? text(groups) : `${text(groups.slice(0, start))}::${text(groups.slice(start + longest))}`;
}

function isMapped(bytes: Bytes): boolean {
  return (
    bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
  );
}

class IpValue extends CelOpaque {
  readonly typeName = 'net.IP';
  readonly bytes: Bytes;
  constructor(bytes: Bytes) {
    super();
    this.bytes = bytes;
  }
  get celSize(): number {
    return this.bytes.length;
  }
  equals(other: CelOpaque): boolean {
    return other instanceof IpValue && this.toString() === other.toString();
  }
  toString(): string {
    return addressText(this.bytes);
  }
}

class CidrValue extends CelOpaque {
  readonly typeName = 'net.CIDR';
  readonly bytes: Bytes;
  readonly length: number;
  constructor(bytes: Bytes, length: number) {
    super();
    this.bytes = bytes;
    this.length = length;
  }
  get celSize(): number {
    return Math.ceil(this.length / 8);
  }
  equals(other: CelOpaque): boolean {
    return other instanceof CidrValue && this.toString() === other.toString();
  }
  toString(): string {
    return `${addressText(this.bytes)}/${this.length}`;
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

function parseAddress(text: string): IpValue | CelFailure {
  const bare = text.split('%', 1)[0]!;
  if (text.length > 100 || !(isIPv4(text) || isIPv6(bare))) {
    return new CelFailure(
      `IP Address ${quoted(text)} parse error during conversion from string: ParseAddr(${quoted(text)}): unable to parse IP`,
    );
  }
  if (bare !== text) return new CelFailure(`IP address ${quoted(text)} with zone value is not allowed`);
  const bytes = bytesOf(text);
  if (isMapped(bytes)) return new CelFailure(`IPv4-mapped IPv6 address ${quoted(text)} is not allowed`);
  return new IpValue(bytes);
}

function parseBlock(text: string): CidrValue | CelFailure {
  const failed = (why: string) =>
    new CelFailure(
      `network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix(${quoted(text)}): ${why}`,
    );
  const slash = text.lastIndexOf('/');
  if (slash < 0 || text.length > 100) return failed("no '/'");
  const address = text.slice(0, slash);
  const length = text.slice(slash + 1);
  if (!(isIPv4(address) || (isIPv6(address) && !address.includes('%')))) {
    return failed(`ParseAddr(${quoted(address)}): unable to parse IP`);
  }
  const bytes = bytesOf(address);
  if (!/^(0|[1-9]\d{0,2})$/.test(length)) return failed(`bad bits after slash: ${quoted(length)}`);
  if (Number(length) > bytes.length * 8) return failed('prefix length out of range');
  if (isMapped(bytes)) {
    return new CelFailure(
      `network address parse error during conversion from string: IPv4-mapped IPv6 address ${quoted(text)} is not allowed`,
    );
  }
  return new CidrValue(bytes, Number(length));
}

function masked(bytes: Bytes, length: number): Bytes {
  return bytes.map((byte, position) => {
    const bits = Math.min(8, Math.max(0, length - 8 * position));
    return byte & (0xff00 >> bits) & 0xff;
  });
}

function within(block: CidrValue, bytes: Bytes): boolean {
  if (block.bytes.length !== bytes.length) return false;
  const mine = masked(block.bytes, block.length);
  return masked(bytes, block.length).every((byte, position) => byte === mine[position]);
}

const containsIp: Implementation = ([block, other]) => {
  const address = typeof other === 'string' ? parseAddress(other) : (other as IpValue);
  return address instanceof CelFailure ? address : within(block as CidrValue, address.bytes);
};

const containsBlock: Implementation = ([block, other]) => {
  const inner = typeof other === 'string' ? parseBlock(other) : (other as CidrValue);
  if (inner instanceof CelFailure) return inner;
  return (block as CidrValue).length <= inner.length && within(block as CidrValue, inner.bytes);
};

function isUnspecified(bytes: Bytes): boolean {
  return bytes.every((byte) => byte === 0);
}
function isLoopback(bytes: Bytes): boolean {
  return bytes.length === 4 ? bytes[0] === 127 : bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1;
}
function isMulticast(bytes: Bytes): boolean {
  return bytes.length === 4 ? bytes[0]! >> 4 === 14 : bytes[0] === 255;
}
function isLinkLocalMulticast(bytes: Bytes): boolean {
  if (bytes.length === 4) return bytes[0] === 224 && bytes[1] === 0 && bytes[2] === 0;
  return bytes[0] === 255 && (bytes[1]! & 15) === 2;
}
function isLinkLocalUnicast(bytes: Bytes): boolean {
  if (bytes.length === 4) return bytes[0] === 169 && bytes[1] === 254;
  return bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80;
}
function isGlobalUnicast(bytes: Bytes): boolean {
  if (bytes.length === 4 && bytes.every((byte) => byte === 255)) return false;
  return !isUnspecified(bytes) && !isLoopback(bytes) && !isMulticast(bytes) && !isLinkLocalUnicast(bytes);
}

function property(id: string, name: string, holds: (bytes: Bytes) => boolean): Overload {
  return overload(id, `(ip).${name}() -> bool`, ([value]) => holds((value as IpValue).bytes));
}

function textOf([value]: readonly CelValue[]): CelValue {
  return String(value);
}

export const networkOverloads: readonly Overload[] = [
  overload('string_to_ip', 'ip(string) -> ip', ([text]) => parseAddress(text as string)),
  overload('ip_family', '(ip).family() -> int', ([value]) => ((value as IpValue).bytes.length === 4 ? 4n : 6n)),
  overload('ip_is_canonical', 'ip.isCanonical(string) -> bool', ([text]) => {
    const address = parseAddress(text as string);
    return address instanceof CelFailure ? address : address.toString() === text;
  }),
  overload('is_ip', 'isIP(string) -> bool', ([text]) => parseAddress(text as string) instanceof IpValue),
  overload('ip_to_string', 'string(ip) -> string', textOf),
  property('ip_is_unspecified', 'isUnspecified', isUnspecified),
  property('ip_is_loopback', 'isLoopback', isLoopback),
  property('ip_is_link_local_multicast', 'isLinkLocalMulticast', isLinkLocalMulticast),
  property('ip_is_link_local_unicast', 'isLinkLocalUnicast', isLinkLocalUnicast),
  property('ip_is_global_unicast', 'isGlobalUnicast', isGlobalUnicast),
  overload('string_to_cidr', 'cidr(string) -> cidr', ([text]) => parseBlock(text as string)),
  overload('is_cidr', 'isCIDR(string) -> bool', ([text]) => parseBlock(text as string) instanceof CidrValue),
  overload('cidr_to_string', 'string(cidr) -> string', textOf),
  overload('cidr_contains_ip_string', '(cidr).containsIP(string) -> bool', containsIp),
  overload('cidr_contains_ip_ip', '(cidr).containsIP(ip) -> bool', containsIp),
  overload('cidr_contains_cidr_string', '(cidr).containsCIDR(string) -> bool', containsBlock),
  overload('cidr_contains_cidr', '(cidr).containsCIDR(cidr) -> bool', containsBlock),
  overload('cidr_ip', '(cidr).ip() -> ip', ([value]) => new IpValue((value as CidrValue).bytes)),
  overload('cidr_prefix_length', '(cidr).prefixLength() -> int', ([value]) => BigInt((value as CidrValue).length)),
  overload('cidr_masked', '(cidr).masked() -> cidr', ([value]) => {
    const { bytes, length } = value as CidrValue;
    return new CidrValue(masked(bytes, length), length);
  }),
];

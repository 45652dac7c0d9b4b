/** A block of IPv4 addresses: `172.31.0.0/16`. */
export interface Cidr {
  /** The first address, as a number from 0 to 2^32 - 1. */
  readonly base: number;
  /** 0 to 32. */
  readonly prefix: number;
}

/** The address as a number; undefined when `text` is no dotted quad without leading zeros. */
export function parseAddress(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  let value = 0;
  for (const part of match.slice(1)) {
    const number = Number(part);
    if (number > 255 || String(number) !== part) return undefined;
    value = value * 256 + number;
  }
  return value;
}

export function formatAddress(value: number): string {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
}

/** How many addresses the block holds. */
export function sizeOf(cidr: Cidr): number {
  return 2 ** (32 - cidr.prefix);
}

/** The block, or undefined when `text` is none. Bits behind the prefix are cleared; `isCanonical` tells whether any were set. */
export function parseCidr(text: string): Cidr | undefined {
  const [addressText = '', prefixText = '', ...rest] = text.split('/');
  const address = parseAddress(addressText);
  if (address === undefined || rest.length > 0 || !/^\d{1,2}$/.test(prefixText)) return undefined;
  const prefix = Number(prefixText);
  if (prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  return { base: Math.floor(address / size) * size, prefix };
}

export function formatCidr(cidr: Cidr): string {
  return `${formatAddress(cidr.base)}/${cidr.prefix}`;
}

/** True when `text` names the block by its first address. */
export function isCanonical(text: string): boolean {
  const cidr = parseCidr(text);
  return cidr !== undefined && formatCidr(cidr) === text;
}

export function containsAddress(cidr: Cidr, address: number): boolean {
  return address >= cidr.base && address < cidr.base + sizeOf(cidr);
}

/** True when every address of `inner` is one of `outer`. */
export function containsCidr(outer: Cidr, inner: Cidr): boolean {
  return inner.prefix >= outer.prefix && containsAddress(outer, inner.base);
}

export function overlaps(one: Cidr, other: Cidr): boolean {
  return containsCidr(one, other) || containsCidr(other, one);
}

/** The address `index` places after the block's first. */
export function addressAt(cidr: Cidr, index: number): number {
  return cidr.base + index;
}

/** What AWS keeps of every subnet: network, router, DNS, one for later use, and the last (broadcast). */
export function reservedAddresses(subnet: Cidr): ReadonlySet<number> {
  const { base } = subnet;
  return new Set([base, base + 1, base + 2, base + 3, base + sizeOf(subnet) - 1]);
}

/**
 * `count` addresses of the subnet that are not in `taken`, beginning the search at `start` places into it and going
 * round; undefined when there are not that many.
 */
export function freeAddresses(
  subnet: Cidr,
  taken: ReadonlySet<number>,
  count: number,
  start = 4,
): number[] | undefined {
  const size = sizeOf(subnet);
  const reserved = reservedAddresses(subnet);
  const found: number[] = [];
  for (let step = 0; step < size && found.length < count; step++) {
    const address = addressAt(subnet, (start + step) % size);
    if (!reserved.has(address) && !taken.has(address)) found.push(address);
  }
  return found.length === count ? found : undefined;
}

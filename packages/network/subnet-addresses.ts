import type { NetworkInterface, Subnet } from '@keelson/model/region/object-types.ts';
import { formatAddress, freeAddresses, parseAddress, parseCidr, reservedAddresses, sizeOf } from './ipv4.ts';

/** Addresses of `subnetId` that some interface of `interfaces` has. */
export function takenAddresses(subnetId: string, interfaces: Iterable<NetworkInterface>): Set<number> {
  const taken = new Set<number>();
  for (const { spec } of interfaces) {
    if (spec.subnetId !== subnetId) continue;
    for (const text of [spec.privateIpAddress, ...spec.secondaryPrivateIpAddresses]) {
      const address = parseAddress(text);
      if (address !== undefined) taken.add(address);
    }
  }
  return taken;
}

/** How many addresses the subnet can still give: DescribeSubnets' AvailableIpAddressCount. */
export function availableAddresses(subnet: Subnet, interfaces: Iterable<NetworkInterface>): number {
  const cidr = parseCidr(subnet.spec.cidrBlock);
  if (cidr === undefined) return 0;
  return sizeOf(cidr) - reservedAddresses(cidr).size - takenAddresses(subnet.metadata.name!, interfaces).size;
}

/** Addresses that were taken, and the subnet that must be written in the same transaction as whoever holds them. */
export interface TakenAddresses {
  readonly addresses: readonly string[];
  /**
   * Its epoch is raised and its resourceVersion is the one read: of two who took addresses of one subnet from the same
   * reading, one gets a conflict and reads again.
   */
  readonly subnet: Subnet;
}

/** Takes `count` addresses, searching from `start` (any number, for spreading); undefined when there are not so many. */
export function takeAddresses(
  subnet: Subnet,
  interfaces: Iterable<NetworkInterface>,
  count: number,
  start = 4,
): TakenAddresses | undefined {
  const cidr = parseCidr(subnet.spec.cidrBlock);
  if (cidr === undefined) return undefined;
  const taken = takenAddresses(subnet.metadata.name!, interfaces);
  const free = freeAddresses(cidr, taken, count, start % sizeOf(cidr));
  if (free === undefined) return undefined;
  const spec = { ...subnet.spec, addressEpoch: subnet.spec.addressEpoch + 1 };
  return { addresses: free.map(formatAddress), subnet: { ...subnet, spec } };
}

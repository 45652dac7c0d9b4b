import type { LoadBalancer, NetworkInterface, Vpc } from '@keelson/model/region/object-types.ts';
import { reverseName } from '../dns/records.ts';
import { addressAt, formatAddress, parseCidr, sizeOf } from '../ipv4.ts';

/** What Amazon's DNS of one VPC is made from; objects of other VPCs are left out by whoever asks. */
export interface VpcNameObjects {
  readonly region: string;
  readonly vpc: Vpc;
  readonly networkInterfaces: readonly NetworkInterface[];
  readonly loadBalancers: readonly LoadBalancer[];
}

/** The names that a VPC's resolver knows. All are in lower case and without the last dot, in a fixed order. */
export interface VpcNames {
  /** Domains that are answered here alone: a name in one of them that is not told of does not exist. */
  readonly zones: readonly string[];
  /** IPv4 addresses by name. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  /** Names by `d.c.b.a.in-addr.arpa`. */
  readonly pointers: Readonly<Record<string, string>>;
}

/** Names of this machine and of private addresses are no one else's affair (RFC 6303, RFC 6761). */
const localZones = [
  'localhost',
  'localdomain',
  '127.in-addr.arpa',
  '10.in-addr.arpa',
  ...Array.from({ length: 16 }, (_zone, index) => `${16 + index}.172.in-addr.arpa`),
  '168.192.in-addr.arpa',
  '254.169.in-addr.arpa',
];

/** The domain of instances' private names: `ec2.internal` in us-east-1, `REGION.compute.internal` elsewhere. */
export function privateDomain(region: string): string {
  return region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
}

/**
 * The names of a VPC; undefined when `enableDnsSupport` is off and so nothing answers. Without `enableDnsHostnames`
 * private names are not resolved (VPC user guide, "DNS attributes for your VPC"). Equal objects give equal names,
 * whatever order they come in.
 */
export function planVpcNames(objects: VpcNameObjects): VpcNames | undefined {
  const { enableDnsSupport, enableDnsHostnames, cidrBlock } = objects.vpc.spec;
  if (!enableDnsSupport) return undefined;
  const zones = new Set(localZones);
  const addresses = new Map<string, readonly string[]>([['localhost', ['127.0.0.1']]]);
  const pointers = new Map<string, string>([['1.0.0.127.in-addr.arpa', 'localhost']]);
  if (enableDnsHostnames) {
    const domain = privateDomain(objects.region);
    zones.add(domain);
    for (const zone of reverseZones(cidrBlock)) zones.add(zone);
    for (const address of objects.networkInterfaces.flatMap(addressesOf)) {
      const reverse = reverseName(address);
      if (reverse === undefined) continue;
      const name = `ip-${address.replaceAll('.', '-')}.${domain}`;
      addresses.set(name, [address]);
      pointers.set(reverse, name);
    }
  }
  for (const [name, found] of objects.loadBalancers.flatMap((one) => balancerNames(one, objects.networkInterfaces))) {
    zones.add(name);
    addresses.set(name, found);
  }
  return { zones: [...zones].sort(), addresses: sorted(addresses), pointers: sorted(pointers) };
}

function addressesOf({ spec }: NetworkInterface): string[] {
  return [spec.privateIpAddress, ...spec.secondaryPrivateIpAddresses];
}

/** Its own name, and one for each Availability Zone that it is in: `ZONE.NAME`. */
function balancerNames(
  { status }: LoadBalancer,
  interfaces: readonly NetworkInterface[],
): (readonly [name: string, addresses: readonly string[]])[] {
  const { dnsName, addresses = [] } = status ?? {};
  if (dnsName === undefined || addresses.length === 0) return [];
  const name = dnsName.toLowerCase();
  const byZone = new Map<string, string[]>();
  for (const { spec } of interfaces) {
    if (spec.interfaceType !== 'network_load_balancer' || !addresses.includes(spec.privateIpAddress)) continue;
    const known = byZone.get(spec.availabilityZone) ?? [];
    byZone.set(spec.availabilityZone, [...known, spec.privateIpAddress].sort());
  }
  return [[name, [...addresses].sort()], ...[...byZone].map(([zone, found]) => [`${zone}.${name}`, found] as const)];
}

/** The reverse zones of whole bytes that cover a block: one for a block of /8, /16 or /24, several for one between. */
function reverseZones(cidrBlock: string): string[] {
  const cidr = parseCidr(cidrBlock);
  if (cidr === undefined) return [];
  const bytes = Math.min(3, Math.max(1, Math.ceil(cidr.prefix / 8)));
  const step = 2 ** (32 - 8 * bytes);
  const zones: string[] = [];
  for (let offset = 0; offset < sizeOf(cidr); offset += step) {
    const labels = formatAddress(addressAt(cidr, offset)).split('.').slice(0, bytes);
    zones.push(`${labels.reverse().join('.')}.in-addr.arpa`);
  }
  return zones;
}

function sorted<T>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...map].sort(([one], [other]) => (one < other ? -1 : 1)));
}

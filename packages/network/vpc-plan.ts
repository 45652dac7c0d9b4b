import type {
  NetworkAcl,
  NetworkInterface,
  RouteTable,
  SecurityGroup,
  Subnet,
  Vpc,
} from '@keelson/model/region/object-types.ts';
import { addressAt, formatAddress, parseCidr } from './ipv4.ts';
import { filterRules } from './vpc-filter.ts';
import { type PlannedRoute, type PlannedRule, planRoutes } from './vpc-routes.ts';

/** The objects of one VPC; those of others are left out by whoever asks. */
export interface VpcObjects {
  readonly vpc: Vpc;
  readonly subnets: readonly Subnet[];
  readonly routeTables: readonly RouteTable[];
  readonly networkAcls: readonly NetworkAcl[];
  readonly securityGroups: readonly SecurityGroup[];
  readonly networkInterfaces: readonly NetworkInterface[];
  /** Addresses of the VPC at which the fabric itself answers beside load balancers, and the TCP ports there. */
  readonly services?: readonly FabricService[];
}

export interface FabricService {
  readonly address: string;
  readonly ports: readonly number[];
}

/** One network interface: a veth pair between the VPC's namespace and the instance's. */
export interface PlannedLink {
  readonly interfaceId: string;
  /** Of the end in the VPC's namespace; at most 15 characters. */
  readonly name: string;
  readonly macAddress: string;
  readonly mtu: number;
  /** The instance it is attached to; undefined for one that is attached to none, or to a service of AWS. */
  readonly instanceId: string | undefined;
  readonly deviceIndex: number;
  /** The subnet's router, which is the default route of whoever has the interface. */
  readonly gateway: string;
  /** The primary address first. */
  readonly addresses: readonly string[];
}

/** What a VPC's namespace should hold. Equal objects give equal plans, whatever order they come in. */
export interface VpcPlan {
  readonly vpcId: string;
  /** Addresses of the router itself: each subnet's first, Amazon's DNS, and the services of the fabric. */
  readonly routerAddresses: readonly string[];
  readonly links: readonly PlannedLink[];
  readonly routes: readonly PlannedRoute[];
  /** Which route table a packet from which interface is routed by. */
  readonly rules: readonly PlannedRule[];
  /** The whole nftables ruleset, as `nft -f` takes it: it replaces what was there in one step. */
  readonly filter: string;
}

/** EC2's jumbo frames. */
export const vpcMtu = 9001;
/** Amazon's DNS, beside the VPC's base plus two. */
export const linkLocalDns = '169.254.169.253';

/** The name of an interface's end in the VPC's namespace: `eni` and the last 12 digits of its id. */
export function linkName(interfaceId: string): string {
  return `eni${interfaceId.replaceAll('-', '').slice(-12)}`;
}

const byName = <T extends { metadata: { name?: string } }>(one: T, other: T) =>
  one.metadata.name! < other.metadata.name! ? -1 : 1;

/** What the fabric of a VPC should be. Interfaces whose subnet is not among the objects are left out. */
export function planVpcFabric(objects: VpcObjects): VpcPlan {
  const subnets = [...objects.subnets].sort(byName);
  const interfaces = [...objects.networkInterfaces].sort(byName);
  const subnetOf = new Map(subnets.map((subnet) => [subnet.metadata.name!, subnet]));
  const known = interfaces.filter((one) => subnetOf.has(one.spec.subnetId) && !isBalancer(one));
  const links = known.map((networkInterface) =>
    planLink(networkInterface, subnetOf.get(networkInterface.spec.subnetId)!),
  );
  const balancers = interfaces.filter(isBalancer).map(({ spec }) => spec.privateIpAddress);
  const { routes, rules } = planRoutes(objects.vpc, [...objects.routeTables].sort(byName), known, links);
  const services = [...(objects.services ?? [])].sort((one, other) => (one.address < other.address ? -1 : 1));
  return {
    vpcId: objects.vpc.metadata.name!,
    routerAddresses: routerAddresses(objects.vpc, subnets, [...services.map(({ address }) => address), ...balancers]),
    links,
    routes,
    rules,
    filter: filterRules({
      links,
      subnets,
      networkAcls: [...objects.networkAcls].sort(byName),
      securityGroups: [...objects.securityGroups].sort(byName),
      networkInterfaces: known,
      services,
      balancers: balancers.sort(),
      dnsAddresses: dnsAddresses(objects.vpc),
    }),
  };
}

/** A load balancer's interface is the router's own address: what forwards for it works in the VPC's namespace. */
function isBalancer({ spec }: NetworkInterface): boolean {
  return spec.interfaceType === 'network_load_balancer';
}

/** Where Amazon's DNS answers in this VPC. */
export function dnsAddresses(vpc: Vpc): string[] {
  const cidr = parseCidr(vpc.spec.cidrBlock);
  return cidr === undefined ? [linkLocalDns] : [formatAddress(addressAt(cidr, 2)), linkLocalDns];
}

/** The address of the subnet's router: its block's second. */
export function gatewayOf(subnet: Subnet): string {
  return formatAddress(addressAt(parseCidr(subnet.spec.cidrBlock)!, 1));
}

function routerAddresses(vpc: Vpc, subnets: readonly Subnet[], services: readonly string[]): string[] {
  const all = [...subnets.map(gatewayOf), ...dnsAddresses(vpc), ...services];
  return [...new Set(all)].sort();
}

function planLink({ metadata, spec }: NetworkInterface, subnet: Subnet): PlannedLink {
  return {
    interfaceId: metadata.name!,
    name: linkName(metadata.name!),
    macAddress: spec.macAddress,
    mtu: vpcMtu,
    instanceId: spec.attachment?.instanceId,
    deviceIndex: spec.attachment?.deviceIndex ?? 0,
    gateway: gatewayOf(subnet),
    addresses: [spec.privateIpAddress, ...[...spec.secondaryPrivateIpAddresses].sort()],
  };
}

import type { NetworkInterface, RouteTable, Vpc } from '@keelson/model/region/object-types.ts';
import { containsCidr, formatCidr, parseCidr } from './ipv4.ts';
import type { PlannedLink } from './vpc-plan.ts';

/** A route of the VPC's namespace, in `ip route`'s terms. */
export interface PlannedRoute {
  /** `main`, or a number for a route table of the VPC's own. */
  readonly table: string;
  /** `unicast` goes out of `link` (through `via`); `blackhole` drops silently; `unreachable` tells the sender. */
  readonly type: 'unicast' | 'blackhole' | 'unreachable';
  /** An address, a block, or `default`. */
  readonly destination: string;
  readonly link?: string;
  readonly via?: string;
}

export interface PlannedRule {
  readonly priority: number;
  /** Packets that came in here; every packet when it is undefined. */
  readonly link: string | undefined;
  /** Packets to this block; to any when it is undefined. */
  readonly destination: string | undefined;
  readonly table: string;
}

/** Addresses of the VPC come before any table of a subnet. */
const localPriority = 1000;
const subnetPriority = 2000;
const firstTable = 100;

/**
 * Routes of a VPC. Addresses of interfaces are in the main table, and what no interface has is dropped silently, as EC2
 * drops it. Route tables that hold more than the local route become tables of their own, chosen by the interface that
 * a packet comes from. A route to an internet or NAT gateway is `unreachable`: this machine lets nothing out.
 */
export function planRoutes(
  vpc: Vpc,
  routeTables: readonly RouteTable[],
  interfaces: readonly NetworkInterface[],
  links: readonly PlannedLink[],
): { routes: PlannedRoute[]; rules: PlannedRule[] } {
  const routes: PlannedRoute[] = [{ table: 'main', type: 'blackhole', destination: 'default' }];
  const rules: PlannedRule[] = [];
  for (const link of links) {
    const [primary = '', ...secondary] = link.addresses;
    routes.push({ table: 'main', type: 'unicast', destination: primary, link: link.name });
    for (const address of secondary)
      routes.push({ table: 'main', type: 'unicast', destination: address, link: link.name, via: primary });
  }
  const local = parseCidr(vpc.spec.cidrBlock);
  let number = firstTable;
  for (const routeTable of routeTables) {
    const own = routesOf(routeTable, local && formatCidr(local), String(number), links);
    const members = own.length === 0 ? [] : membersOf(routeTable, routeTables, interfaces, links);
    if (members.length === 0) continue;
    routes.push(...own);
    for (const link of members)
      rules.push({ priority: subnetPriority, link, destination: undefined, table: String(number) });
    number++;
  }
  if (rules.length > 0 && local)
    rules.unshift({ priority: localPriority, link: undefined, destination: formatCidr(local), table: 'main' });
  return { routes, rules };
}

function routesOf(
  { spec }: RouteTable,
  local: string | undefined,
  table: string,
  links: readonly PlannedLink[],
): PlannedRoute[] {
  const inside = local === undefined ? undefined : parseCidr(local);
  return spec.routes
    .flatMap((route): PlannedRoute[] => {
      const block = parseCidr(route.destinationCidrBlock);
      if (block === undefined || route.gatewayId === 'local' || (inside && containsCidr(inside, block))) return [];
      const destination = block.prefix === 0 ? 'default' : formatCidr(block);
      const target = links.find(
        (link) => link.interfaceId === route.networkInterfaceId || isPrimaryOf(link, route.instanceId),
      );
      if (target !== undefined && route.state !== 'blackhole')
        return [{ table, type: 'unicast', destination, link: target.name, via: target.addresses[0]! }];
      const gateway = (route.gatewayId ?? route.natGatewayId) !== undefined && route.state !== 'blackhole';
      return [{ table, type: gateway ? 'unreachable' : 'blackhole', destination }];
    })
    .sort((one, other) => (one.destination < other.destination ? -1 : 1));
}

function isPrimaryOf(link: PlannedLink, instanceId: string | undefined): boolean {
  return instanceId !== undefined && link.instanceId === instanceId && link.deviceIndex === 0;
}

/** The links whose subnet follows this route table: by association, or because it is the main one. */
function membersOf(
  routeTable: RouteTable,
  all: readonly RouteTable[],
  interfaces: readonly NetworkInterface[],
  links: readonly PlannedLink[],
): string[] {
  const own = new Set(routeTable.spec.associations.flatMap(({ subnetId }) => subnetId ?? []));
  const explicit = new Set(all.flatMap(({ spec }) => spec.associations.flatMap(({ subnetId }) => subnetId ?? [])));
  const isMain = routeTable.spec.associations.some(({ main }) => main);
  const members = new Set(
    interfaces
      .filter(({ spec }) => own.has(spec.subnetId) || (isMain && !explicit.has(spec.subnetId)))
      .map(({ metadata }) => metadata.name!),
  );
  return links.filter(({ interfaceId }) => members.has(interfaceId)).map(({ name }) => name);
}

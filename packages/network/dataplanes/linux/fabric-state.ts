import type { VpcPlan } from '../../vpc-plan.ts';
import type { PlannedRoute, PlannedRule } from '../../vpc-routes.ts';

/** What `ip -json` tells of a VPC's namespace. */
export interface FabricState {
  /** Addresses on the loopback device: the router's own. */
  readonly routerAddresses: ReadonlySet<string>;
  /** Interfaces of the VPC by name, and whether they are up: complete. */
  readonly links: ReadonlyMap<string, { readonly up: boolean }>;
  /** Routes and rules in the words of `ip`, without the kernel's own. */
  readonly routes: ReadonlySet<string>;
  readonly rules: ReadonlySet<string>;
}

const ownTables = (table: string) => table === 'main' || /^[1-9]\d\d$/.test(table);

/** Reads the output of `ip -json address`, `ip -json route show table all` and `ip -json rule`. */
export function parseFabricState(addresses: string, routes: string, rules: string): FabricState {
  const devices = parseList(addresses);
  const loopback = devices.find((device) => device.ifname === 'lo');
  const entries = (loopback?.addr_info ?? []) as { family: string; local: string }[];
  return {
    routerAddresses: new Set(
      entries.filter(({ family, local }) => family === 'inet' && local !== '127.0.0.1').map(({ local }) => local),
    ),
    links: new Map(
      devices
        .filter((device) => /^eni/.test(device.ifname))
        .map((device) => [device.ifname, { up: (device.flags as string[]).includes('UP') }]),
    ),
    routes: new Set(
      parseList(routes)
        .filter((route) => route.protocol === 'static' && ownTables(route.table ?? 'main'))
        .map((route) =>
          routeText({
            table: route.table ?? 'main',
            type: route.type ?? 'unicast',
            destination: route.dst,
            link: route.dev,
            via: route.gateway,
          }),
        ),
    ),
    rules: new Set(
      parseList(rules)
        .filter((rule) => rule.priority > 0 && rule.priority < 32766)
        .map((rule) =>
          ruleText({
            priority: rule.priority,
            link: rule.iif,
            destination: rule.dst === undefined || rule.dst === 'all' ? undefined : `${rule.dst}/${rule.dstlen ?? 32}`,
            table: rule.table,
          }),
        ),
    ),
  };
}

function parseList(text: string): any[] {
  const value = text.trim() === '' ? [] : JSON.parse(text);
  return (value as any[]).filter((entry) => Object.keys(entry).length > 0);
}

/** The route as `ip route` takes it. */
export function routeText({ table, type, destination, link, via }: PlannedRoute | Loose): string {
  const target =
    type === 'unicast' && link !== undefined
      ? ` ${via === undefined ? '' : `via ${via} `}dev ${link}${via === undefined ? '' : ' onlink'}`
      : '';
  return `${type} ${destination}${target} table ${table} proto static`;
}

interface Loose {
  readonly table: string;
  readonly type: string;
  readonly destination: string;
  readonly link?: string;
  readonly via?: string;
}

/** The rule as `ip rule` takes it. */
export function ruleText({ priority, link, destination, table }: PlannedRule): string {
  const from = link === undefined ? '' : ` iif ${link}`;
  const to = destination === undefined ? '' : ` to ${destination}`;
  return `from all${to}${from} lookup ${table} priority ${priority}`;
}

/** Lines for `ip -batch` that bring what is to what is planned, but for the pairs of interfaces themselves. */
export function fabricChanges(plan: VpcPlan, state: FabricState, present: ReadonlySet<string>): string[] {
  const routes = plan.routes.filter(({ link }) => link === undefined || present.has(link)).map(routeText);
  const rules = plan.rules.map(ruleText);
  const planned = new Set([...routes, ...rules]);
  const gone = new Set([...state.links.keys()].filter((name) => !present.has(name)));
  const mentionsGone = (text: string) => [...gone].some((name) => text.includes(` dev ${name}`));
  return [
    ...plan.routerAddresses
      .filter((address) => !state.routerAddresses.has(address))
      .map((address) => `address add ${address}/32 dev lo`),
    ...[...state.routerAddresses]
      .filter((address) => !plan.routerAddresses.includes(address))
      .map((address) => `address delete ${address}/32 dev lo`),
    // Routes go with their interface.
    ...[...state.routes]
      .filter((text) => !planned.has(text) && !mentionsGone(text))
      .map((text) => `route delete ${text}`),
    ...[...state.rules].filter((text) => !planned.has(text)).map((text) => `rule delete ${text}`),
    ...routes.filter((text) => !state.routes.has(text)).map((text) => `route replace ${text}`),
    ...rules.filter((text) => !state.rules.has(text)).map((text) => `rule add ${text}`),
  ];
}

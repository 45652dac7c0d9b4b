import { createHash } from 'node:crypto';
import type {
  NetworkAcl,
  NetworkInterface,
  SecurityGroup,
  SecurityGroupRule,
  Subnet,
} from '@keelson/model/region/object-types.ts';
import { isOpenAcl, networkAclChains } from './network-acl-rules.ts';
import { peerMatch, protocolMatch } from './packet-match.ts';
import type { FabricService, PlannedLink } from './vpc-plan.ts';

export interface FilterObjects {
  readonly links: readonly PlannedLink[];
  readonly subnets: readonly Subnet[];
  readonly networkAcls: readonly NetworkAcl[];
  readonly securityGroups: readonly SecurityGroup[];
  /** Those of `links`, in the same order. */
  readonly networkInterfaces: readonly NetworkInterface[];
  readonly services: readonly FabricService[];
  /** Addresses of load balancers, whose listeners are their own affair. */
  readonly balancers: readonly string[];
  readonly dnsAddresses: readonly string[];
}

/** The nftables table of a VPC. */
export const filterTable = 'keelson';

/**
 * The ruleset of a VPC: source checks, then network ACLs without state, then the groups' egress rules of the interface
 * that a packet leaves, then the ingress rules of the one that it enters. Each is a base chain of its own, because to
 * accept ends only the chain that accepts. There are no bridges, so the rules hold between neighbours too.
 */
export function filterRules(objects: FilterObjects): string {
  const { links, networkInterfaces } = objects;
  const groupsOf = new Map(networkInterfaces.map((one) => [linkOf(links, one), [...one.spec.groupIds].sort()]));
  const lines = [
    `table inet ${filterTable}`,
    `delete table inet ${filterTable}`,
    `table inet ${filterTable} {`,
    ...objects.securityGroups.flatMap((group) => memberSet(group, objects)),
    ...sourceSet(links),
    ...objects.securityGroups.flatMap((group) => groupChains(group, objects.securityGroups)),
    ...combinationChains(objects.securityGroups, [...groupsOf.values()]),
    ...networkAclChains(objects),
    ...verdictMap('egress_of', groupsOf, 'out'),
    ...verdictMap('ingress_of', groupsOf, 'in'),
    ...forwardChains(objects),
    ...routerChains(objects),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

function linkOf(links: readonly PlannedLink[], { metadata }: NetworkInterface): string {
  return links.find(({ interfaceId }) => interfaceId === metadata.name)!.name;
}

function setBlock(kind: 'set' | 'map', name: string, type: string, elements: readonly string[]): string[] {
  const content = elements.length === 0 ? [] : [`    elements = { ${elements.join(', ')} }`];
  return [`  ${kind} ${name} {`, `    type ${type}`, ...content, '  }'];
}

/** The addresses of a group's members: what rules that name the group as their peer mean. */
function memberSet({ metadata }: SecurityGroup, { links, networkInterfaces }: FilterObjects): string[] {
  const members = new Set(
    networkInterfaces.filter(({ spec }) => spec.groupIds.includes(metadata.name!)).map((one) => one.metadata.name),
  );
  const addresses = links.filter(({ interfaceId }) => members.has(interfaceId)).flatMap((link) => link.addresses);
  return setBlock('set', `${metadata.name}-members`, 'ipv4_addr', addresses.sort());
}

/**
 * Which addresses may come from which interface: all of its instance's, because answers of a pod whose address is a
 * second interface's may leave by the first one until the network add-on has routed them.
 */
function sourceSet(links: readonly PlannedLink[]): string[] {
  const byOwner = Map.groupBy(links, ({ instanceId, interfaceId }) => instanceId ?? interfaceId);
  const elements = links.flatMap(({ name, instanceId, interfaceId }) =>
    byOwner
      .get(instanceId ?? interfaceId)!
      .flatMap(({ addresses }) => addresses.map((address) => `"${name}" . ${address}`)),
  );
  return setBlock('set', 'sources', 'ifname . ipv4_addr', elements);
}

function groupChains({ metadata, spec }: SecurityGroup, all: readonly SecurityGroup[]): string[] {
  const known = new Set(all.map((group) => group.metadata.name!));
  const chain = (direction: 'in' | 'out') => [
    `  chain ${metadata.name}-${direction} {`,
    ...[
      ...new Set(
        spec.rules.filter(({ egress }) => egress === (direction === 'out')).flatMap((r) => ruleLine(r, known)),
      ),
    ].sort(),
    '  }',
  ];
  return [...chain('in'), ...chain('out')];
}

/** One rule as nftables has it; nothing for an IPv6 peer (a VPC has no IPv6) or a group that is not in this VPC. */
function ruleLine(rule: SecurityGroupRule, groups: ReadonlySet<string>): string[] {
  const peer = peerMatch(rule, rule.egress ? 'daddr' : 'saddr', groups);
  if (peer === undefined) return [];
  return [`    ${[...peer, ...protocolMatch(rule), 'accept'].join(' ')}`];
}

/** The name of the chains of interfaces that have just these groups. */
function combinationName(groupIds: readonly string[]): string {
  return `groups-${createHash('sha256').update(groupIds.join()).digest('hex').slice(0, 16)}`;
}

function combinationChains(all: readonly SecurityGroup[], combinations: readonly (readonly string[])[]): string[] {
  const known = new Set(all.map(({ metadata }) => metadata.name!));
  const byName = new Map(combinations.map((groupIds) => [combinationName(groupIds), groupIds]));
  return [...byName]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, groupIds]) =>
      ['in', 'out'].flatMap((direction) => [
        `  chain ${name}-${direction} {`,
        ...groupIds.filter((id) => known.has(id)).map((id) => `    jump ${id}-${direction}`),
        '    drop',
        '  }',
      ]),
    );
}

function verdictMap(name: string, groupsOf: ReadonlyMap<string, readonly string[]>, direction: string): string[] {
  const elements = [...groupsOf].map(([link, ids]) => `"${link}" : goto ${combinationName(ids)}-${direction}`);
  return setBlock('map', name, 'ifname : verdict', elements);
}

function baseChain(name: string, hook: string, priority: number, policy: string, rules: readonly string[]): string[] {
  return [
    `  chain ${name} {`,
    `    type filter hook ${hook} priority ${priority}; policy ${policy};`,
    ...rules.map((rule) => `    ${rule}`),
    '  }',
  ];
}

function forwardChains(objects: FilterObjects): string[] {
  const { links, networkInterfaces } = objects;
  const unchecked = networkInterfaces.filter(({ spec }) => !spec.sourceDestCheck).map((one) => linkOf(links, one));
  const exempt = (direction: string) =>
    unchecked.length === 0 ? [] : [`${direction} { ${unchecked.map((link) => `"${link}"`).join(', ')} } accept`];
  const acls = objects.networkAcls.some((acl) => !isOpenAcl(acl))
    ? baseChain('network-acls', 'forward', -20, 'accept', ['iifname vmap @acl_out_of', 'oifname vmap @acl_in_of'])
    : [];
  return [
    ...baseChain('source-check', 'forward', -40, 'accept', [
      'meta nfproto != ipv4 drop',
      ...exempt('iifname'),
      'iifname . ip saddr != @sources drop',
    ]),
    ...baseChain('destination-check', 'forward', -30, 'accept', [
      ...exempt('oifname'),
      'oifname . ip daddr != @sources drop',
    ]),
    ...acls,
    ...baseChain('egress', 'forward', -10, 'drop', [
      'ct state established,related accept',
      'ct state invalid drop',
      'iifname vmap @egress_of',
    ]),
    ...baseChain('ingress', 'forward', 0, 'drop', ['ct state established,related accept', 'oifname vmap @ingress_of']),
  ];
}

/** What may be said to the router itself: pings, questions of names, and connections to the fabric's services. */
function routerChains({ services, balancers, dnsAddresses }: FilterObjects): string[] {
  const ports = services.flatMap(({ address, ports: all }) =>
    [...all].sort((one, other) => one - other).map((port) => `${address} . ${port}`),
  );
  return [
    ...setBlock('set', 'services', 'ipv4_addr . inet_service', ports),
    ...setBlock('set', 'balancers', 'ipv4_addr', balancers),
    ...baseChain('router', 'input', 0, 'drop', [
      'ct state established,related accept',
      'ct state invalid drop',
      'iifname "lo" accept',
      'meta nfproto != ipv4 drop',
      'iifname . ip saddr != @sources drop',
      'icmp type echo-request accept',
      `ip daddr { ${dnsAddresses.join(', ')} } meta l4proto { tcp, udp } th dport 53 accept`,
      // To a load balancer the groups of the client's interface apply; names and metadata are exempt from them.
      'ip daddr . tcp dport @services iifname vmap @egress_of',
      'ip daddr @balancers meta l4proto tcp iifname vmap @egress_of',
    ]),
  ];
}

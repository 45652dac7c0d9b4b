import type { Chain, Collection } from './ruleset.ts';

/** The maps and sets that all Services share. */
export const mapNames = {
  clusterIps: 'cluster-ips',
  nodePortIps: 'nodeport-ips',
  serviceIps: 'service-ips',
  serviceNodePorts: 'service-nodeports',
  noEndpointServices: 'no-endpoint-services',
  noEndpointNodePorts: 'no-endpoint-nodeports',
  firewallIps: 'firewall-ips',
} as const;

export const markChain = 'mark-for-masquerade';
export const rejectChain = 'reject-chain';

const byAddress = 'type ipv4_addr . inet_proto . inet_service : verdict;';
const byPort = 'type inet_proto . inet_service : verdict;';

/** The declarations of the shared maps and sets, without elements. */
export const sharedCollections: ReadonlyMap<string, Collection> = new Map<string, Collection>([
  [mapNames.clusterIps, { kind: 'set', declaration: 'type ipv4_addr;' }],
  [mapNames.nodePortIps, { kind: 'set', declaration: 'type ipv4_addr;' }],
  [mapNames.serviceIps, { kind: 'map', declaration: byAddress }],
  [mapNames.serviceNodePorts, { kind: 'map', declaration: byPort }],
  [mapNames.noEndpointServices, { kind: 'map', declaration: byAddress }],
  [mapNames.noEndpointNodePorts, { kind: 'map', declaration: byPort }],
  [mapNames.firewallIps, { kind: 'map', declaration: byAddress }],
]);

/** How sent traffic is told from other traffic on its way out. */
export interface MasqueradeSettings {
  /** One bit of the packet mark, as its value: 0x4000 for kube-proxy's default bit 14. */
  readonly mark: number;
  /** Masquerade everything that goes to a Service's own address. */
  readonly all: boolean;
  /** Masquerade what goes to a Service's own address from outside this block; '' for nothing. */
  readonly clusterCidr: string;
}

const toService = 'ip daddr . meta l4proto . th dport';
const toNodePort = `ip daddr @${mapNames.nodePortIps} meta l4proto . th dport`;

/**
 * The chains that hang on hooks, and what they share. The firewall looks before an address is rewritten. A refusal looks
 * after it: what still has a Service's own address then was forwarded nowhere.
 */
export function baseChains({ mark, all, clusterCidr }: MasqueradeSettings): Map<string, Chain> {
  const bit = `0x${mark.toString(16)}`;
  const services: string[] = [];
  if (all) services.push(`ip daddr @${mapNames.clusterIps} jump ${markChain}`);
  else if (clusterCidr !== '')
    services.push(`ip daddr @${mapNames.clusterIps} ip saddr != ${clusterCidr} jump ${markChain}`);
  services.push(`${toService} vmap @${mapNames.serviceIps}`, `${toNodePort} vmap @${mapNames.serviceNodePorts}`);
  const refuse = 'ct state new jump service-endpoints-check';
  const base = (type: string, hook: string, priority: number, rules: string[]): Chain => ({
    hook: `type ${type} hook ${hook} priority ${priority}; policy accept;`,
    rules,
  });
  return new Map<string, Chain>([
    [markChain, { rules: [`meta mark set meta mark or ${bit}`] }],
    ['masquerading', { rules: masquerading(bit) }],
    [rejectChain, { rules: ['reject'] }],
    ['services', { rules: services }],
    ['service-endpoints-check', { rules: [`${toService} vmap @${mapNames.noEndpointServices}`] }],
    ['nodeport-endpoints-check', { rules: [`${toNodePort} vmap @${mapNames.noEndpointNodePorts}`] }],
    ['firewall-check', { rules: [`${toService} vmap @${mapNames.firewallIps}`] }],
    ['cluster-ips-check', { rules: [`ip daddr @${mapNames.clusterIps} reject`] }],
    ['filter-prerouting-pre-dnat', base('filter', 'prerouting', -110, ['ct state new jump firewall-check'])],
    ['filter-output-pre-dnat', base('filter', 'output', -110, ['ct state new jump firewall-check'])],
    ['filter-input', base('filter', 'input', -110, ['ct state new jump nodeport-endpoints-check', refuse])],
    ['filter-forward', base('filter', 'forward', -110, [refuse, 'ct state new jump cluster-ips-check'])],
    ['filter-output', base('filter', 'output', -90, [refuse, 'ct state new jump cluster-ips-check'])],
    ['nat-prerouting', base('nat', 'prerouting', -100, ['jump services'])],
    ['nat-output', base('nat', 'output', -100, ['jump services'])],
    ['nat-postrouting', base('nat', 'postrouting', 100, ['jump masquerading'])],
  ]);
}

function masquerading(bit: string): string[] {
  return [`meta mark and ${bit} == 0 return`, `meta mark set meta mark xor ${bit}`, 'masquerade fully-random'];
}

import { createHash } from 'node:crypto';
import type { Service } from '@keelson/model/generated/types/core-v1.ts';
import type { EndpointSlice } from '@keelson/model/generated/types/discovery-v1.ts';
import { mapNames, markChain, rejectChain } from './base-rules.ts';
import { chooseEndpoints, endpointsOf, type NodePlace, type ProxyEndpoint } from './endpoint-choice.ts';
import type { Chain, Collection } from './ruleset.ts';
import { type ProxiedPort, proxiedPorts } from './service-ports.ts';

/** What one Service adds to the table. */
export interface ServiceRules {
  readonly chains: ReadonlyMap<string, Chain>;
  /** Its affinity sets. */
  readonly collections: ReadonlyMap<string, Collection>;
  /** Elements of the shared maps and sets: the map's name, key, value. */
  readonly elements: readonly (readonly [string, string, string])[];
  /** The endpoints of this node that answer, when a load balancer asks for them at this port. */
  readonly health: { readonly port: number; readonly localEndpoints: number } | undefined;
}

const affinitySet = 'type ipv4_addr; flags dynamic,timeout;';

/** Plans one Service for one node. Pure: equal objects give equal rules, in the same order. */
export function planService(service: Service, slices: readonly EndpointSlice[], place: NodePlace): ServiceRules {
  const plan = new ServicePlan();
  let health: ServiceRules['health'];
  const localAddresses = new Set<string>();
  for (const port of proxiedPorts(service)) {
    const choice = chooseEndpoints(endpointsOf(port, slices, place), place);
    plan.add(port, choice.cluster, choice.local);
    for (const { address } of choice.local) localAddresses.add(address);
    if (port.healthCheckNodePort > 0) health = { port: port.healthCheckNodePort, localEndpoints: localAddresses.size };
  }
  return { chains: plan.chains, collections: plan.collections, elements: plan.elements, health };
}

class ServicePlan {
  readonly chains = new Map<string, Chain>();
  readonly collections = new Map<string, Collection>();
  readonly elements: (readonly [string, string, string])[] = [];

  add(port: ProxiedPort, cluster: readonly ProxyEndpoint[], local: readonly ProxyEndpoint[]): void {
    const external = [port.nodePort > 0, port.externalIps.length > 0, port.loadBalancerIps.length > 0].some(Boolean);
    if ((external || !port.internalLocal) && cluster.length > 0)
      this.#balance(chainName('service', port), port, cluster);
    const usesLocal = port.internalLocal || (external && port.externalLocal);
    if (usesLocal && local.length > 0) this.#balance(chainName('local', port), port, local);
    this.elements.push([mapNames.clusterIps, port.clusterIp, '']);
    this.#internal(port, port.internalLocal ? local : cluster, cluster.length > 0);
    if (external) this.#external(port, cluster, local);
  }

  /** The chain that spreads connections over endpoints, and a chain for each endpoint. */
  #balance(name: string, port: ProxiedPort, endpoints: readonly ProxyEndpoint[]): void {
    const targets = endpoints.map((endpoint) => this.#endpoint(port, endpoint));
    const sticky =
      port.affinitySeconds > 0 ? targets.map((target) => `ip saddr @${affinityName(target)} goto ${target}`) : [];
    const choices = targets.map((target, index) => `${index} : goto ${target}`).join(', ');
    this.chains.set(name, { rules: [...sticky, `numgen random mod ${targets.length} vmap { ${choices} }`] });
  }

  #endpoint(port: ProxiedPort, endpoint: ProxyEndpoint): string {
    const place = `${endpoint.address}/${endpoint.port}`;
    const name = chainName('endpoint', port, place);
    if (this.chains.has(name)) return name;
    // A pod that reaches itself through the Service must see an answer from the Service, so it must not see itself ask.
    const rules = [`ip saddr ${endpoint.address} jump ${markChain}`];
    if (port.affinitySeconds > 0) {
      this.collections.set(affinityName(name), { kind: 'set', declaration: affinitySet });
      rules.push(`update @${affinityName(name)} { ip saddr timeout ${port.affinitySeconds}s }`);
    }
    rules.push(`meta l4proto ${port.protocol} dnat to ${endpoint.address}:${endpoint.port}`);
    this.chains.set(name, { rules });
    return name;
  }

  #internal(port: ProxiedPort, endpoints: readonly ProxyEndpoint[], elsewhere: boolean): void {
    const key = `${port.clusterIp} . ${port.protocol} . ${port.port}`;
    if (endpoints.length > 0)
      this.elements.push([
        mapNames.serviceIps,
        key,
        `goto ${chainName(port.internalLocal ? 'local' : 'service', port)}`,
      ]);
    else this.elements.push([mapNames.noEndpointServices, key, refusal(port.internalLocal && elsewhere)]);
  }

  #external(port: ProxiedPort, cluster: readonly ProxyEndpoint[], local: readonly ProxyEndpoint[]): void {
    const endpoints = port.externalLocal ? local : cluster;
    const chain = chainName('external', port);
    if (cluster.length > 0 || local.length > 0) this.chains.set(chain, { rules: externalRules(port, cluster, local) });
    const exists = this.chains.has(chain);
    const refused = refusal(port.externalLocal && cluster.length > 0);
    const to = (address: string) => `${address} . ${port.protocol} . ${port.port}`;
    const firewall = port.sourceRanges.length > 0 && !port.sourceRanges.includes('0.0.0.0/0');
    if (firewall && port.loadBalancerIps.length > 0)
      this.chains.set(chainName('firewall', port), { rules: [`ip saddr != { ${port.sourceRanges.join(', ')} } drop`] });
    for (const address of [...port.externalIps, ...port.loadBalancerIps]) {
      if (exists) this.elements.push([mapNames.serviceIps, to(address), `goto ${chain}`]);
      if (endpoints.length === 0) this.elements.push([mapNames.noEndpointServices, to(address), refused]);
    }
    if (firewall)
      for (const address of port.loadBalancerIps)
        this.elements.push([mapNames.firewallIps, to(address), `goto ${chainName('firewall', port)}`]);
    if (port.nodePort === 0) return;
    const key = `${port.protocol} . ${port.nodePort}`;
    if (exists) this.elements.push([mapNames.serviceNodePorts, key, `goto ${chain}`]);
    if (endpoints.length === 0) this.elements.push([mapNames.noEndpointNodePorts, key, refused]);
  }
}

/**
 * Traffic that came from outside the cluster. With policy Cluster the node takes its sender's place, so that the answer
 * comes back this way; with Local the sender is kept, and only what the node itself sends may go to another node.
 */
function externalRules(
  port: ProxiedPort,
  cluster: readonly ProxyEndpoint[],
  local: readonly ProxyEndpoint[],
): readonly string[] {
  if (!port.externalLocal) return [`jump ${markChain}`, `goto ${chainName('service', port)}`];
  const own =
    cluster.length > 0
      ? [`fib saddr type local jump ${markChain}`, `fib saddr type local goto ${chainName('service', port)}`]
      : [];
  return local.length > 0 ? [...own, `goto ${chainName('local', port)}`] : own;
}

/** Traffic for a Service that has endpoints, only not here, is dropped in silence: its sender shall try another node. */
function refusal(elsewhere: boolean): string {
  return elsewhere ? 'drop' : `goto ${rejectChain}`;
}

const longestName = 180;

function chainName(kind: string, port: ProxiedPort, place = ''): string {
  const full = [port.namespace, port.service, port.protocol, port.portName].join('/');
  const hash = createHash('sha256').update(`${full}/${place}`).digest('hex').slice(0, 8);
  const readable = `${full}${place === '' ? '' : `__${place}`}`.replace(/[^A-Za-z0-9/._-]/g, '_');
  return `${kind}-${hash}-${readable}`.slice(0, longestName);
}

function affinityName(endpointChain: string): string {
  return `affinity-${endpointChain.slice('endpoint-'.length)}`;
}

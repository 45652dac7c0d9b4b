import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import type { ResolverConfig } from '../runtime.ts';

/** What the node knows of name resolution. */
export interface NodeResolver {
  /** The node's own resolv.conf. */
  readonly node: ResolverConfig;
  /** The addresses of the cluster's DNS service; none when it has none. */
  readonly clusterServers: readonly string[];
  /** `cluster.local`. */
  readonly clusterDomain: string;
}

const mostServers = 3;
const mostSearches = 32;
const mostSearchCharacters = 2048;

/** What goes into a pod's resolv.conf, by its dnsPolicy and dnsConfig, within the limits that resolvers have. */
export function planResolver(pod: Pod, resolver: NodeResolver): ResolverConfig {
  const base = baseConfig(pod, resolver);
  const own = pod.spec?.dnsConfig;
  const options = new Map(base.options.map((option) => [option.split(':')[0]!, option]));
  for (const { name = '', value } of own?.options ?? []) options.set(name, value ? `${name}:${value}` : name);
  return {
    servers: unique([...base.servers, ...(own?.nameservers ?? [])]).slice(0, mostServers),
    searches: withinLength(unique([...base.searches, ...(own?.searches ?? [])]).slice(0, mostSearches)),
    options: [...options.values()],
  };
}

function baseConfig(pod: Pod, { node, clusterServers, clusterDomain }: NodeResolver): ResolverConfig {
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst';
  if (policy === 'None') return { servers: [], searches: [], options: [] };
  const clusterFirst =
    policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && pod.spec?.hostNetwork !== true);
  if (!clusterFirst || clusterServers.length === 0) return node;
  const namespace = pod.metadata?.namespace ?? 'default';
  return {
    servers: clusterServers,
    searches: [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain, ...node.searches],
    options: ['ndots:5'],
  };
}

/** The text of a resolv.conf. */
export function resolvConfText({ servers, searches, options }: ResolverConfig): string {
  const lines = [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...servers.map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** Reads a resolv.conf; lines that it does not know are left out. */
export function parseResolvConf(text: string): ResolverConfig {
  const servers: string[] = [];
  let searches: string[] = [];
  let options: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && words[0] !== undefined) servers.push(words[0]);
    else if (keyword === 'search') searches = words.map((word) => (word === '.' ? word : word.replace(/\.$/, '')));
    else if (keyword === 'options') options = [...options, ...words];
  }
  return { servers, searches, options };
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words.filter((word) => word !== ''))];
}

function withinLength(searches: readonly string[]): string[] {
  const kept: string[] = [];
  let length = 0;
  for (const search of searches) {
    length += search.length + (kept.length > 0 ? 1 : 0);
    if (length > mostSearchCharacters) break;
    kept.push(search);
  }
  return kept;
}

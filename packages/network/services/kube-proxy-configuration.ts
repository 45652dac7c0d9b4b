import { parseAddress, parseCidr } from '../ipv4.ts';

/** What is used of a `kubeproxy.config.k8s.io/v1alpha1` KubeProxyConfiguration. */
export interface KubeProxyConfiguration {
  /** Path of the kubeconfig. */
  readonly kubeconfig: string;
  /** `host:port`; '' switches the server off. */
  readonly healthzBindAddress: string;
  readonly metricsBindAddress: string;
  readonly clusterCidr: string;
  /** Blocks whose node addresses answer node ports; 'primary' alone means the node's first address. */
  readonly nodePortAddresses: readonly string[];
  readonly masqueradeAll: boolean;
  readonly masqueradeBit: number;
  /** Milliseconds between two transactions, and between two checks that the table is still there. */
  readonly minSyncPeriod: number;
  readonly syncPeriod: number;
  readonly hostnameOverride: string;
}

/** Names the first thing that is wrong with a configuration, as a field path and what is wrong. */
export class KubeProxyConfigurationError extends Error {
  override readonly name = 'KubeProxyConfigurationError';
}

const version = 'kubeproxy.config.k8s.io/v1alpha1';

/** Reads a configuration that was parsed from YAML or JSON. @throws KubeProxyConfigurationError */
export function readKubeProxyConfiguration(value: unknown): KubeProxyConfiguration {
  const root = record(value, 'configuration');
  if (root['apiVersion'] !== version || root['kind'] !== 'KubeProxyConfiguration')
    throw new KubeProxyConfigurationError(
      `no kind "${root['kind'] ?? ''}" is registered for version "${root['apiVersion'] ?? ''}"`,
    );
  const mode = text(root, 'mode');
  // The other modes make the same Services by other means of the kernel; a node of ours has nftables only.
  if (!['', 'nftables', 'iptables', 'ipvs'].includes(mode))
    throw invalid(
      'KubeProxyConfiguration.ProxyMode',
      mode,
      'must be iptables,ipvs,nftables or blank (blank means the best-available proxy [currently iptables])',
    );
  const nftables = record(root['nftables'] ?? {}, 'nftables');
  const clusterCidr =
    text(root, 'clusterCIDR')
      .split(',')
      .find((block) => !block.includes(':')) ?? '';
  if (clusterCidr !== '' && parseCidr(clusterCidr) === undefined)
    throw invalid(
      'KubeProxyConfiguration.ClusterCIDR',
      clusterCidr,
      'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    );
  return {
    kubeconfig: text(record(root['clientConnection'] ?? {}, 'clientConnection'), 'kubeconfig'),
    healthzBindAddress: address(root, 'healthzBindAddress', '0.0.0.0:10256', 'HealthzBindAddress'),
    metricsBindAddress: address(root, 'metricsBindAddress', '127.0.0.1:10249', 'MetricsBindAddress'),
    clusterCidr,
    nodePortAddresses: nodePortAddresses(root['nodePortAddresses'] ?? ['primary']),
    masqueradeAll: flag(nftables, 'masqueradeAll'),
    masqueradeBit: bit(nftables['masqueradeBit'] ?? 14),
    minSyncPeriod: duration(nftables['minSyncPeriod'] ?? '100ms', 'MinSyncPeriod'),
    syncPeriod: duration(nftables['syncPeriod'] ?? '30s', 'SyncPeriod') || 30_000,
    hostnameOverride: text(root, 'hostnameOverride'),
  };
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new KubeProxyConfigurationError(`${name} must be an object`);
  return value as Record<string, unknown>;
}

function text(from: Record<string, unknown>, name: string): string {
  const value = from[name] ?? '';
  if (typeof value !== 'string') throw new KubeProxyConfigurationError(`${name} must be a string`);
  return value;
}

function flag(from: Record<string, unknown>, name: string): boolean {
  const value = from[name] ?? false;
  if (typeof value !== 'boolean') throw new KubeProxyConfigurationError(`${name} must be true or false`);
  return value;
}

function address(root: Record<string, unknown>, name: string, otherwise: string, path: string): string {
  const value = name in root ? text(root, name) : otherwise;
  const [host = '', port = ''] = [value.slice(0, value.lastIndexOf(':')), value.slice(value.lastIndexOf(':') + 1)];
  if (value !== '' && (parseAddress(host) === undefined || !/^\d{1,5}$/.test(port) || Number(port) > 65_535))
    throw invalid(`KubeProxyConfiguration.${path}`, value, 'must be IP:port');
  return value;
}

function nodePortAddresses(value: unknown): string[] {
  if (!Array.isArray(value)) throw new KubeProxyConfigurationError('nodePortAddresses must be a list');
  const blocks = value.map(String).filter((block) => !block.includes(':'));
  for (const [index, block] of blocks.entries())
    if (block !== 'primary' && parseCidr(block) === undefined)
      throw invalid(
        `KubeProxyConfiguration.NodePortAddresses[${index}]`,
        block,
        'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      );
  return blocks.length === 0 ? ['primary'] : blocks;
}

function bit(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 31)
    throw invalid(
      'KubeProxyConfiguration.NFTablesConfiguration.MasqueradeBit',
      value,
      'must be within the range [0, 31]',
    );
  return value;
}

const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Milliseconds of a Go duration such as `1m30s`. */
function duration(value: unknown, name: string): number {
  const pieces = typeof value === 'string' ? [...value.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)] : [];
  const whole = pieces.map(([piece]) => piece).join('');
  if (value === '0' || value === 0) return 0;
  if (whole !== value || whole === '')
    throw invalid(`KubeProxyConfiguration.NFTablesConfiguration.${name}`, value, 'must be a duration');
  return pieces.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit!]!, 0);
}

function invalid(path: string, value: unknown, problem: string): KubeProxyConfigurationError {
  return new KubeProxyConfigurationError(`${path}: Invalid value: ${JSON.stringify(value)}: ${problem}`);
}

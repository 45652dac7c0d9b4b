import type { Pod } from '@keelson/model/generated/types/core-v1.ts';

const longestHostname = 63;

/** A pod's host name, and its domain when spec.subdomain names a Service. */
export function podHostname(pod: Pod, clusterDomain: string): { readonly hostname: string; readonly domain: string } {
  const { hostnameOverride, hostname, subdomain } = pod.spec ?? {};
  if (hostnameOverride) return { hostname: hostnameOverride, domain: '' };
  const name = hostname || (pod.metadata?.name ?? '').slice(0, longestHostname).replace(/[-.]+$/, '');
  const domain = subdomain ? `${subdomain}.${pod.metadata?.namespace}.svc.${clusterDomain}` : '';
  return { hostname: name, domain };
}

const loopbackNames = [
  '# Kubernetes-managed hosts file.',
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
];

/** The text of the /etc/hosts that a pod on its own network has. */
export function hostsFile(pod: Pod, addresses: readonly string[], clusterDomain: string): string {
  const { hostname, domain } = podHostname(pod, clusterDomain);
  const names = domain === '' ? hostname : `${hostname}.${domain}\t${hostname}`;
  return [...loopbackNames, ...addresses.map((address) => `${address}\t${names}`), ...aliases(pod), ''].join('\n');
}

/** The same for a pod on the host's network: the node's own file with the pod's aliases. */
export function hostNetworkHostsFile(pod: Pod, nodeFile: string): string {
  const own = nodeFile.endsWith('\n') || nodeFile === '' ? nodeFile : `${nodeFile}\n`;
  return ['# Kubernetes-managed hosts file (host network).', own + aliases(pod).join('\n'), ''].join('\n');
}

function aliases(pod: Pod): string[] {
  const entries = pod.spec?.hostAliases ?? [];
  if (entries.length === 0) return [];
  return [
    '',
    '# Entries added by HostAliases.',
    ...entries.map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}`),
  ];
}

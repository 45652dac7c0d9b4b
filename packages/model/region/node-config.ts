import { parse, stringify } from 'yaml';

/**
 * What an instance learns from its user data of the cluster that it is to join: the NodeConfig of node.eks.aws/v1alpha1
 * (nodeadm), of which this is the part that a node needs.
 */
export interface NodeConfig {
  readonly clusterName: string;
  readonly apiServerEndpoint: string;
  /** PEM in base64. */
  readonly certificateAuthority: string;
  readonly serviceCidr: string;
  readonly nodeLabels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  readonly maxPods?: number;
}

/** User data in base64, as RunInstances takes it. */
export function encodeNodeConfig(config: NodeConfig): string {
  const labels = Object.entries(config.nodeLabels).map(([key, value]) => `${key}=${value}`);
  const taints = config.taints.map(({ key, value = '', effect }) => `${key}=${value}:${effect}`);
  const flags = [
    ...(labels.length > 0 ? [`--node-labels=${labels.join(',')}`] : []),
    ...(taints.length > 0 ? [`--register-with-taints=${taints.join(',')}`] : []),
  ];
  const document = {
    apiVersion: 'node.eks.aws/v1alpha1',
    kind: 'NodeConfig',
    spec: {
      cluster: {
        name: config.clusterName,
        apiServerEndpoint: config.apiServerEndpoint,
        certificateAuthority: config.certificateAuthority,
        cidr: config.serviceCidr,
      },
      kubelet: { ...(config.maxPods === undefined ? {} : { config: { maxPods: config.maxPods } }), flags },
    },
  };
  return Buffer.from(stringify(document)).toString('base64');
}

function flagValue(flags: readonly unknown[], name: string): string {
  const flag = flags.find((one) => typeof one === 'string' && one.startsWith(`--${name}=`));
  return typeof flag === 'string' ? flag.slice(name.length + 3) : '';
}

function parseTaint(text: string): { key: string; value?: string; effect: string } {
  const [pair = '', effect = ''] = text.split(':');
  const [key = '', value = ''] = pair.split('=');
  return value === '' ? { key, effect } : { key, value, effect };
}

/** The part of a MIME archive that is a NodeConfig, or the whole text when it is no archive. */
function documentOf(text: string): string {
  const boundary = /^content-type:\s*multipart\/\S+;\s*boundary="?([^"\r\n]+)"?/im.exec(text)?.[1];
  const parts = boundary ? text.split(`--${boundary}`) : [text];
  const part = parts.find((one) => one.includes('node.eks.aws/')) ?? '';
  const blank = part.search(/\r?\n\r?\n/);
  return boundary && blank >= 0 ? part.slice(blank) : part;
}

/** What user data says of the cluster to join; undefined when it holds no NodeConfig that names one. */
export function decodeNodeConfig(userData: string): NodeConfig | undefined {
  let document: any;
  try {
    document = parse(documentOf(Buffer.from(userData, 'base64').toString('utf8')), { maxAliasCount: 0 });
  } catch {
    return undefined;
  }
  const cluster = document?.spec?.cluster;
  if (
    document?.kind !== 'NodeConfig' ||
    typeof cluster?.name !== 'string' ||
    typeof cluster.apiServerEndpoint !== 'string'
  ) {
    return undefined;
  }
  const flags: unknown[] = Array.isArray(document.spec.kubelet?.flags) ? document.spec.kubelet.flags : [];
  const labels = flagValue(flags, 'node-labels').split(',').filter(Boolean);
  const taints = flagValue(flags, 'register-with-taints').split(',').filter(Boolean);
  const maxPods = document.spec.kubelet?.config?.maxPods;
  return {
    clusterName: cluster.name,
    apiServerEndpoint: cluster.apiServerEndpoint,
    certificateAuthority: String(cluster.certificateAuthority ?? ''),
    serviceCidr: String(cluster.cidr ?? ''),
    nodeLabels: Object.fromEntries(labels.map((pair) => [pair.split('=')[0]!, pair.split('=').slice(1).join('=')])),
    taints: taints.map(parseTaint),
    ...(Number.isInteger(maxPods) ? { maxPods } : {}),
  };
}

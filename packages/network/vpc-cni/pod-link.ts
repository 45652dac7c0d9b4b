import { createHash } from 'node:crypto';
import type { Allocation } from './address-ledger.ts';

/** The address that every pod has as its gateway; it is nobody's, and the pair's other end answers for it. */
export const podGateway = '169.254.1.1';

/** Priorities of the routing rules, as aws-node has them. */
const toPodPriority = 512;
const fromPodPriority = 1536;

export interface PodLinkSettings {
  readonly mtu: number;
  readonly vpcCidrs: readonly string[];
  /** AWS_VPC_K8S_CNI_EXTERNALSNAT: something outside translates addresses, so nothing is to be masqueraded here. */
  readonly externalSnat: boolean;
}

/** Lines for `ip -batch`, in the instance's namespace and then in the pod's. */
export interface LinkCommands {
  readonly host: readonly string[];
  readonly pod: readonly string[];
}

/** A locally administered address that is the same for the same link and end. */
export function linkMac(hostLink: string, end: 'host' | 'pod'): string {
  const digits = createHash('sha256').update(`${hostLink}/${end}`).digest('hex').slice(0, 10);
  return ['0a', ...digits.match(/../g)!].join(':');
}

/** What connects a pod: a pair, a /32, a gateway by a static neighbour, and the rules that lead to and from it. */
export function connectPod(allocation: Allocation, netns: string, settings: PodLinkSettings): LinkCommands {
  const { address, hostLink, interfaceName } = allocation;
  const pod = `${address}/32`;
  const { mtu } = settings;
  return {
    host: [
      `link add name ${hostLink} mtu ${mtu} address ${linkMac(hostLink, 'host')} type veth peer name ${interfaceName} mtu ${mtu} address ${linkMac(hostLink, 'pod')} netns ${netns}`,
      `link set dev ${hostLink} up`,
      `route replace ${pod} dev ${hostLink} scope link`,
      `rule add to ${pod} lookup main priority ${toPodPriority}`,
      ...sourceRules(allocation, settings).map((rule) => `rule add ${rule}`),
    ],
    pod: [
      'link set dev lo up',
      `address replace ${pod} dev ${interfaceName}`,
      `link set dev ${interfaceName} up`,
      `route replace ${podGateway}/32 dev ${interfaceName} scope link`,
      `route replace default via ${podGateway} dev ${interfaceName} onlink`,
      `neighbour replace ${podGateway} lladdr ${linkMac(hostLink, 'host')} dev ${interfaceName} nud permanent`,
    ],
  };
}

/** What takes that away again. Each line may fail, when the pod's end or a part of the work was never there. */
export function disconnectPod(allocation: Allocation, settings: PodLinkSettings): LinkCommands {
  const { address, hostLink } = allocation;
  return {
    host: [
      `rule del to ${address}/32 lookup main priority ${toPodPriority}`,
      ...sourceRules(allocation, settings).map((rule) => `rule del ${rule}`),
      `link del dev ${hostLink}`,
    ],
    pod: [],
  };
}

/** What of it can be seen to be there; a line that fails means that it is not. */
export function checkPod({ hostLink, interfaceName }: Allocation): LinkCommands {
  return { host: [`link show dev ${hostLink} up`], pod: [`link show dev ${interfaceName} up`] };
}

/**
 * An address of a second interface must leave by that interface: its subnet's router drops what is not its own. What
 * goes out of the VPC leaves by the first one with its address, unless something outside translates.
 */
function sourceRules(allocation: Allocation, { vpcCidrs, externalSnat }: PodLinkSettings): string[] {
  const { deviceIndex, address } = allocation;
  if (deviceIndex === 0) return [];
  const table = interfaceTable(deviceIndex);
  if (externalSnat) return [`from ${address}/32 lookup ${table} priority ${fromPodPriority}`];
  return vpcCidrs.map((cidr) => `from ${address}/32 to ${cidr} lookup ${table} priority ${fromPodPriority}`);
}

/** The routing table that an instance keeps for its interface of this index. */
export function interfaceTable(deviceIndex: number): number {
  return 10_000 + deviceIndex;
}

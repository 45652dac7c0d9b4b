import { formatCidr, parseCidr } from './ipv4.ts';

interface Ports {
  /** `-1` (any), `tcp`, `udp`, `icmp`, `icmpv6` or a protocol's number. */
  readonly protocol: string;
  /** First port, or the ICMP type; -1 for any. */
  readonly fromPort?: number | undefined;
  /** Last port, or the ICMP code; -1 for any. */
  readonly toPort?: number | undefined;
}

const protocolNames: Readonly<Record<string, string>> = { '1': 'icmp', '6': 'tcp', '17': 'udp', '58': 'icmpv6' };

/** Protocol and ports of an EC2 rule in nftables' words; empty for any protocol. */
export function protocolMatch({ protocol, fromPort = -1, toPort = -1 }: Ports): string[] {
  const name = protocolNames[protocol] ?? protocol;
  if (name === '-1' || name === 'all') return [];
  if (name === 'tcp' || name === 'udp') {
    const every = fromPort <= 0 && (toPort < 0 || toPort === 65535);
    const range = fromPort === toPort ? `${fromPort}` : `${Math.max(fromPort, 0)}-${toPort}`;
    return every ? [`meta l4proto ${name}`] : [`${name} dport ${range}`];
  }
  if (name === 'icmp' && fromPort >= 0) {
    return [`icmp type ${fromPort}`, ...(toPort >= 0 ? [`icmp code ${toPort}`] : [])];
  }
  return [`meta l4proto ${name === 'icmpv6' ? 'ipv6-icmp' : name}`];
}

interface Peer {
  readonly cidrIpv4?: string | undefined;
  readonly referencedGroupId?: string | undefined;
}

/**
 * The other side of a security group's rule in nftables' words, empty for anyone; undefined when there is nobody that
 * it can mean: IPv6, or a group that is not among `groups`.
 */
export function peerMatch(peer: Peer, side: 'saddr' | 'daddr', groups: ReadonlySet<string>): string[] | undefined {
  if (peer.cidrIpv4 !== undefined) return blockMatch(peer.cidrIpv4, side);
  const group = peer.referencedGroupId;
  return group !== undefined && groups.has(group) ? [`ip ${side} @${group}-members`] : undefined;
}

/** A block of addresses in nftables' words, empty for all of them; undefined when `text` is no IPv4 block. */
export function blockMatch(text: string, side: 'saddr' | 'daddr'): string[] | undefined {
  const block = parseCidr(text);
  if (block === undefined) return undefined;
  return block.prefix === 0 ? [] : [`ip ${side} ${formatCidr(block)}`];
}

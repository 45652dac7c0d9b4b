import type { Service, ServicePort } from '@keelson/model/generated/types/core-v1.ts';
import { parseAddress, parseCidr } from '../ipv4.ts';

export type TransportProtocol = 'tcp' | 'udp' | 'sctp';

/** One port of a Service as a proxy sees it. Addresses are IPv4 and checked, so that they can stand in a rule. */
export interface ProxiedPort {
  readonly namespace: string;
  readonly service: string;
  /** '' for the only port of a Service. */
  readonly portName: string;
  readonly protocol: TransportProtocol;
  readonly port: number;
  readonly clusterIp: string;
  /** 0 when it has none. */
  readonly nodePort: number;
  readonly externalIps: readonly string[];
  /** Addresses of its load balancer that nodes answer for themselves (ipMode VIP). */
  readonly loadBalancerIps: readonly string[];
  /** Who may come by the load balancer's addresses; empty means everybody. */
  readonly sourceRanges: readonly string[];
  readonly internalLocal: boolean;
  readonly externalLocal: boolean;
  /** Seconds for which a client keeps its endpoint; 0 without session affinity. */
  readonly affinitySeconds: number;
  /** 0 when it has none. */
  readonly healthCheckNodePort: number;
}

const protocols: Readonly<Record<string, TransportProtocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };

/** The ports of a Service that a proxy forwards: none of a headless one, of an ExternalName, or of one without IPv4. */
export function proxiedPorts(service: Service): ProxiedPort[] {
  const { spec, metadata } = service;
  if (spec === undefined || spec.type === 'ExternalName') return [];
  const clusterIp = (spec.clusterIPs ?? [spec.clusterIP ?? '']).find((address) => parseAddress(address) !== undefined);
  if (clusterIp === undefined) return [];
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer' || (spec.externalIPs ?? []).length > 0;
  const shared = {
    namespace: metadata?.namespace ?? '',
    service: metadata?.name ?? '',
    clusterIp,
    externalIps: (spec.externalIPs ?? []).filter(isUsable),
    loadBalancerIps: spec.type === 'LoadBalancer' ? loadBalancerIps(service) : [],
    sourceRanges: (spec.loadBalancerSourceRanges ?? []).map((text) => text.trim()).filter((text) => parseCidr(text)),
    internalLocal: spec.internalTrafficPolicy === 'Local',
    externalLocal: external && spec.externalTrafficPolicy === 'Local',
    affinitySeconds:
      spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) : 0,
    healthCheckNodePort:
      spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local' ? (spec.healthCheckNodePort ?? 0) : 0,
  };
  return (spec.ports ?? []).flatMap((port) => onePort(port, shared));
}

function onePort(port: ServicePort, shared: Omit<ProxiedPort, 'portName' | 'protocol' | 'port' | 'nodePort'>) {
  const protocol = protocols[port.protocol ?? 'TCP'];
  if (protocol === undefined || !isPort(port.port)) return [];
  const nodePort = port.nodePort !== undefined && isPort(port.nodePort) ? port.nodePort : 0;
  return [{ ...shared, portName: port.name ?? '', protocol, port: port.port, nodePort }];
}

/** Loopback is left out: a packet to it never leaves its own namespace, so no rule of the node could forward it. */
function isUsable(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && address !== 0 && address >>> 24 !== 127;
}

function loadBalancerIps(service: Service): string[] {
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  return ingress.filter(({ ipMode }) => ipMode !== 'Proxy').flatMap(({ ip }) => (ip && isUsable(ip) ? [ip] : []));
}

export function isPort(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value < 65_536;
}

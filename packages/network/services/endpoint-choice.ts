import type { Endpoint, EndpointSlice } from '@keelson/model/generated/types/discovery-v1.ts';
import { parseAddress } from '../ipv4.ts';
import { isPort, type ProxiedPort } from './service-ports.ts';

/** Where a proxy runs. */
export interface NodePlace {
  readonly nodeName: string;
  /** `topology.kubernetes.io/zone`; '' when it is not known. */
  readonly zone: string;
}

/** A place that a port of a Service can be forwarded to. */
export interface ProxyEndpoint {
  readonly address: string;
  readonly port: number;
  readonly local: boolean;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
}

/** The endpoints that each traffic policy forwards to, in the order of their addresses. */
export interface EndpointChoice {
  /** For policy Cluster. */
  readonly cluster: readonly ProxyEndpoint[];
  /** For policy Local: those of this node. */
  readonly local: readonly ProxyEndpoint[];
}

/** The endpoints of one port out of all slices of its Service. */
export function endpointsOf(port: ProxiedPort, slices: readonly EndpointSlice[], place: NodePlace): ProxyEndpoint[] {
  const found = new Map<string, ProxyEndpoint>();
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4') continue;
    const match = (slice.ports ?? []).find(
      ({ name = '', protocol = 'TCP' }) => name === port.portName && protocol.toLowerCase() === port.protocol,
    );
    if (match?.port === undefined || !isPort(match.port)) continue;
    for (const endpoint of slice.endpoints ?? []) {
      const made = proxyEndpoint(endpoint, match.port, place);
      if (made === undefined) continue;
      const key = `${made.address}:${made.port}`;
      // A pod that moves between slices is in two for a moment; what is ready there counts.
      if (!found.has(key) || made.ready) found.set(key, made);
    }
  }
  return [...found.values()].sort(
    (one, other) => parseAddress(one.address)! - parseAddress(other.address)! || one.port - other.port,
  );
}

function proxyEndpoint(endpoint: Endpoint, port: number, place: NodePlace): ProxyEndpoint | undefined {
  const address = endpoint.addresses[0] ?? '';
  if (parseAddress(address) === undefined) return undefined;
  const { ready, serving, terminating } = endpoint.conditions ?? {};
  return {
    address,
    port,
    local: endpoint.nodeName !== undefined && endpoint.nodeName === place.nodeName,
    ready: ready ?? true,
    serving: serving ?? ready ?? true,
    terminating: terminating ?? false,
    zoneHints: (endpoint.hints?.forZones ?? []).map(({ name }) => name),
    nodeHints: (endpoint.hints?.forNodes ?? []).map(({ name }) => name),
  };
}

/**
 * Ready endpoints; where there are none, those that still serve while they terminate (KEP-1669). For policy Cluster
 * the ready ones are narrowed by topology hints, when every one has them and some are for this place.
 */
export function chooseEndpoints(endpoints: readonly ProxyEndpoint[], place: NodePlace): EndpointChoice {
  const local = endpoints.filter((endpoint) => endpoint.local);
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  return { cluster: ready.length > 0 ? byHints(ready, place) : stillServing(endpoints), local: readyOrServing(local) };
}

function readyOrServing(endpoints: readonly ProxyEndpoint[]): readonly ProxyEndpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  return ready.length > 0 ? ready : stillServing(endpoints);
}

function stillServing(endpoints: readonly ProxyEndpoint[]): ProxyEndpoint[] {
  return endpoints.filter((endpoint) => endpoint.serving && endpoint.terminating);
}

function byHints(ready: readonly ProxyEndpoint[], { nodeName, zone }: NodePlace): readonly ProxyEndpoint[] {
  if (ready.every(({ nodeHints }) => nodeHints.length > 0)) {
    const same = ready.filter(({ nodeHints }) => nodeHints.includes(nodeName));
    if (same.length > 0) return same;
  }
  if (zone !== '' && ready.every(({ zoneHints }) => zoneHints.length > 0)) {
    const same = ready.filter(({ zoneHints }) => zoneHints.includes(zone));
    if (same.length > 0) return same;
  }
  return ready;
}

import {
  endpointHostname,
  isHeadless,
  isPodFinished,
  isPodReady,
  podAddress,
  targetPort,
} from '@keelson/controller-kit';
import type { Node, Pod, Service } from '@keelson/model/generated/types/core-v1.ts';
import type { Endpoint, EndpointPort } from '@keelson/model/generated/types/discovery-v1.ts';

/** Endpoints that are reached by the same ports: what one slice can hold. */
export interface PortGroup {
  readonly ports: EndpointPort[];
  readonly endpoints: Endpoint[];
}

/**
 * The endpoint that a pod is for a service; undefined when it is none (finished, or without an address of the family).
 * `zone` is that of the pod's node.
 */
export function endpointOf(
  service: Service,
  pod: Pod,
  family: 'IPv4' | 'IPv6',
  node: Node | undefined,
): Endpoint | undefined {
  const address = podAddress(pod, family);
  if (address === undefined || isPodFinished(pod)) return undefined;
  const { namespace, name, uid, deletionTimestamp } = pod.metadata ?? {};
  const serving = isPodReady(pod);
  const terminating = deletionTimestamp !== undefined;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const zone = node?.metadata?.labels?.['topology.kubernetes.io/zone'];
  const hostname = endpointHostname(pod, service);
  const close = ['PreferClose', 'PreferSameZone'].includes(service.spec?.trafficDistribution ?? '');
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hostname !== undefined && { hostname }),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(pod.spec?.nodeName && { nodeName: pod.spec.nodeName }),
    ...(zone && { zone }),
    ...(close && zone && ready && { hints: { forZones: [{ name: zone }] } }),
  };
}

/** The ports of a service on one of its pods; those that the pod has no name for are left out. */
export function portsOf(service: Service, pod: Pod): EndpointPort[] {
  const ports: EndpointPort[] = [];
  for (const port of service.spec?.ports ?? []) {
    const number = targetPort(pod, port);
    if (number === undefined) continue;
    const { name = '', protocol = 'TCP', appProtocol } = port;
    ports.push({ name, port: number, protocol, ...(appProtocol !== undefined && { appProtocol }) });
  }
  return ports;
}

/** The endpoints of a service in one family, grouped by their ports; pods come in the order of their names. */
export function portGroups(
  service: Service,
  pods: readonly Pod[],
  family: 'IPv4' | 'IPv6',
  nodeOf: (name: string) => Node | undefined,
): Map<string, PortGroup> {
  const groups = new Map<string, PortGroup>();
  const sorted = pods.toSorted((left, right) => (left.metadata!.name! < right.metadata!.name! ? -1 : 1));
  for (const pod of sorted) {
    const endpoint = endpointOf(service, pod, family, nodeOf(pod.spec?.nodeName ?? ''));
    if (endpoint === undefined) continue;
    const ports = portsOf(service, pod);
    // Nothing can be reached by a pod that has none of the named ports, unless by name alone.
    if (ports.length === 0 && !isHeadless(service)) continue;
    const key = portKey(ports);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ports, endpoints: [endpoint] });
    else group.endpoints.push(endpoint);
  }
  return groups;
}

/** The same for ports that are the same, in whatever order. */
export function portKey(ports: readonly EndpointPort[] | undefined): string {
  return (ports ?? [])
    .map(({ name, port, protocol, appProtocol }) => [name ?? '', port, protocol ?? 'TCP', appProtocol ?? ''].join('/'))
    .sort()
    .join(',');
}

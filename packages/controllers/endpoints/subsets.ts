import {
  endpointHostname,
  isHeadless,
  isPodFinished,
  isPodReady,
  podAddress,
  serviceFamilies,
  targetPort,
} from '@keelson/controller-kit';
import type {
  EndpointAddress,
  EndpointPort,
  EndpointSubset,
  Pod,
  Service,
} from '@keelson/model/generated/types/core-v1.ts';

/** How many addresses an Endpoints object holds at most; the rest is left out and an annotation says so. */
export const addressLimit = 1000;

export interface Subsets {
  readonly subsets: EndpointSubset[];
  readonly truncated: boolean;
}

/** The subsets of a service's Endpoints: pods with the same ports together, ready ones apart from the others. */
export function subsetsOf(service: Service, pods: readonly Pod[]): Subsets {
  const [family] = serviceFamilies(service);
  const tolerant = service.spec?.publishNotReadyAddresses === true;
  const entries = pods.flatMap((pod) => {
    const ip = podAddress(pod, family!);
    const going = pod.metadata?.deletionTimestamp !== undefined;
    if (ip === undefined || isPodFinished(pod) || (going && !tolerant)) return [];
    const ports = portsOf(service, pod);
    if (ports.length === 0 && !isHeadless(service)) return [];
    const address = addressOf(service, pod, ip);
    return [{ ready: tolerant || isPodReady(pod), address, order: orderOf(address), ports }];
  });
  entries.sort((left, right) => Number(right.ready) - Number(left.ready) || (left.order < right.order ? -1 : 1));
  const truncated = entries.length > addressLimit;
  const groups = new Map<string, { ports: EndpointPort[]; ready: EndpointAddress[]; rest: EndpointAddress[] }>();
  for (const { ready, address, ports } of entries.slice(0, addressLimit)) {
    const key = JSON.stringify(ports);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { ports, ready: [], rest: [] }));
    (ready ? group.ready : group.rest).push(address);
  }
  const subsets = [...groups.values()].map(({ ports, ready, rest }) => ({
    ...(ready.length > 0 && { addresses: ready }),
    ...(rest.length > 0 && { notReadyAddresses: rest }),
    ...(ports.length > 0 && { ports }),
  }));
  return { subsets, truncated };
}

function portsOf(service: Service, pod: Pod): EndpointPort[] {
  const ports: EndpointPort[] = [];
  for (const port of service.spec?.ports ?? []) {
    const number = targetPort(pod, port);
    if (number === undefined) continue;
    const { name, protocol = 'TCP', appProtocol } = port;
    ports.push({ ...(name && { name }), port: number, protocol, ...(appProtocol !== undefined && { appProtocol }) });
  }
  return ports.sort((left, right) => ((left.name ?? '') < (right.name ?? '') ? -1 : 1));
}

function addressOf(service: Service, pod: Pod, ip: string): EndpointAddress {
  const { namespace, name, uid } = pod.metadata ?? {};
  const hostname = endpointHostname(pod, service);
  return {
    ip,
    ...(hostname !== undefined && { hostname }),
    ...(pod.spec?.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

function orderOf({ ip, targetRef }: EndpointAddress): string {
  return `${ip
    .split('.')
    .map((part) => part.padStart(3, '0'))
    .join('.')}/${targetRef?.uid}`;
}

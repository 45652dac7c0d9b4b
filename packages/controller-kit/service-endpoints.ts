import type { SharedCache } from '@keelson/client';
import type { Pod, Service, ServicePort } from '@keelson/model/generated/types/core-v1.ts';
import { isPodFinished } from './pod-state.ts';

/** True when every label that the service selects by is the pod's; a service without a selector selects nothing. */
export function serviceSelects(service: Service, pod: Pod): boolean {
  const selector = Object.entries(service.spec?.selector ?? {});
  if (selector.length === 0 || service.spec?.type === 'ExternalName') return false;
  return selector.every(([key, value]) => pod.metadata?.labels?.[key] === value);
}

/** The services of the pod's namespace that select it as it is or as it was. */
export function servicesOf(services: SharedCache<Service>, states: readonly (Pod | undefined)[]): Service[] {
  const pods = states.filter((pod) => pod !== undefined);
  return services
    .list(pods[0]?.metadata?.namespace ?? '')
    .filter((service) => pods.some((pod) => serviceSelects(service, pod)));
}

/** True when a change of a pod cannot change any endpoint: most of what a kubelet reports. */
export function sameEndpoint(before: Pod, now: Pod): boolean {
  const facts = (pod: Pod) => [
    pod.status?.podIPs ?? pod.status?.podIP,
    pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status,
    isPodFinished(pod),
    pod.metadata?.deletionTimestamp !== undefined,
    pod.metadata?.labels,
    pod.spec?.nodeName,
    pod.spec?.hostname,
    pod.spec?.subdomain,
  ];
  return before.metadata?.uid === now.metadata?.uid && JSON.stringify(facts(before)) === JSON.stringify(facts(now));
}

/** The pod's address of a family; undefined while it has none. */
export function podAddress(pod: Pod, family: 'IPv4' | 'IPv6'): string | undefined {
  const addresses = pod.status?.podIPs?.map(({ ip }) => ip) ?? [pod.status?.podIP];
  return addresses.find((address) => address && address.includes(':') === (family === 'IPv6'));
}

/** The families that a service has addresses in, the primary one first. */
export function serviceFamilies(service: Service): readonly ('IPv4' | 'IPv6')[] {
  const families = service.spec?.ipFamilies as ('IPv4' | 'IPv6')[] | undefined;
  if (families !== undefined && families.length > 0) return families;
  return [service.spec?.clusterIP?.includes(':') ? 'IPv6' : 'IPv4'];
}

/** The pod's port that a service's port leads to; undefined when the pod has no port of that name. */
export function targetPort(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target === 0 ? port.port : target;
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars])
    for (const candidate of container.ports ?? [])
      if (candidate.name === target && (candidate.protocol ?? 'TCP') === (port.protocol ?? 'TCP'))
        return candidate.containerPort;
  return undefined;
}

/** The host name that DNS knows the pod by under this service; undefined when it has none of its own. */
export function endpointHostname(pod: Pod, service: Service): string | undefined {
  return pod.spec?.hostname && pod.spec.subdomain === service.metadata?.name ? pod.spec.hostname : undefined;
}

/** True for a service whose name resolves to its pods. */
export function isHeadless(service: Service): boolean {
  return service.spec?.clusterIP === 'None';
}

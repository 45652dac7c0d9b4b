/** What a Service needs, by its type: the allocators and the checks ask the same questions. */
import type { Fields } from '../pod/fields.ts';

export function isHeadless(spec: Fields): boolean {
  return spec['clusterIPs']?.length === 1 && spec['clusterIPs'][0] === 'None';
}

export function needsClusterAddress(spec: Fields): boolean {
  return spec['type'] === 'ClusterIP' || spec['type'] === 'NodePort' || spec['type'] === 'LoadBalancer';
}

export function needsNodePorts(spec: Fields): boolean {
  return (
    spec['type'] === 'NodePort' || (spec['type'] === 'LoadBalancer' && spec['allocateLoadBalancerNodePorts'] !== false)
  );
}

/** Traffic from outside of the cluster reaches it. */
export function isExternallyAccessible(spec: Fields): boolean {
  const { type, externalIPs = [] } = spec;
  return type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && externalIPs.length > 0);
}

/** Load balancers ask its nodes which of them have a pod of it. */
export function needsHealthCheckPort(spec: Fields): boolean {
  return spec['type'] === 'LoadBalancer' && spec['externalTrafficPolicy'] === 'Local';
}

import type { ApiObject } from '../../../object.ts';
import type { Fields } from '../pod/fields.ts';
import { isExternallyAccessible, needsClusterAddress } from './exposure.ts';

const AFFINITY_SECONDS = 10_800;

function unset(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function defaultAffinity(spec: Fields): void {
  if (unset(spec['sessionAffinity'])) spec['sessionAffinity'] = 'None';
  if (spec['sessionAffinity'] === 'None') delete spec['sessionAffinityConfig'];
  if (spec['sessionAffinity'] !== 'ClientIP') return;
  if (unset(spec['sessionAffinityConfig']?.clientIP?.timeoutSeconds)) {
    spec['sessionAffinityConfig'] = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } };
  }
}

export function defaults(object: ApiObject): void {
  const spec: Fields = (object['spec'] ??= {});
  defaultAffinity(spec);
  if (unset(spec['type'])) spec['type'] = 'ClusterIP';
  for (const port of (spec['ports'] ?? []) as Fields[]) {
    if (unset(port['protocol'])) port['protocol'] = 'TCP';
    if (unset(port['targetPort']) || port['targetPort'] === 0) port['targetPort'] = port['port'];
  }
  if (isExternallyAccessible(spec) && unset(spec['externalTrafficPolicy'])) spec['externalTrafficPolicy'] = 'Cluster';
  if (needsClusterAddress(spec)) spec['internalTrafficPolicy'] ??= 'Cluster';
  if (spec['type'] !== 'LoadBalancer') return;
  spec['allocateLoadBalancerNodePorts'] ??= true;
  for (const ingress of (object['status']?.loadBalancer?.ingress ?? []) as Fields[]) {
    if (!unset(ingress['ip'])) ingress['ipMode'] ??= 'VIP';
  }
}

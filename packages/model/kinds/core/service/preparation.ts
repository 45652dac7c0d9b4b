/** What an update of a Service leaves out is kept, and what its new type has no use for is dropped. */
import { sameValue } from '../../../metadata/same-value.ts';
import type { ApiObject } from '../../../object.ts';
import type { Fields } from '../pod/fields.ts';
import { isExternallyAccessible, needsClusterAddress, needsHealthCheckPort, needsNodePorts } from './exposure.ts';

/** clusterIP is the first of clusterIPs: whoever gives one of the two means both. */
function alignAddresses(spec: Fields, previous: Fields | undefined): void {
  const first: string = spec['clusterIP'] ?? '';
  const all: string[] = spec['clusterIPs'] ?? [];
  if (previous === undefined) {
    if (first !== '' && all.length === 0) spec['clusterIPs'] = [first];
    return;
  }
  const sameFirst = first === (previous['clusterIP'] ?? '');
  const sameAll = sameValue(all, previous['clusterIPs'] ?? []);
  if (!sameFirst && sameAll) {
    if (first === '') delete spec['clusterIPs'];
    else spec['clusterIPs'] = [first];
  } else if (sameFirst && !sameAll && all.length === 0) {
    // The list was emptied while the old address was sent along: the address goes too.
    delete spec['clusterIP'];
  } else if (!sameFirst && first !== '' && all.length === 0) {
    spec['clusterIPs'] = [first];
  }
}

function portKey(port: Fields): string {
  return `${port['protocol']}/${port['port']}`;
}

/** Addresses and ports that were allocated stay, when the client does not name them. */
function keepAllocated(spec: Fields, previous: Fields): void {
  if (needsClusterAddress(previous) && needsClusterAddress(spec)) {
    if ((spec['clusterIP'] ?? '') === '' && previous['clusterIP'] !== undefined)
      spec['clusterIP'] = previous['clusterIP'];
    if ((spec['clusterIPs'] ?? []).length === 0 && spec['clusterIP'] === previous['clusterIP']) {
      if (previous['clusterIPs'] !== undefined) spec['clusterIPs'] = previous['clusterIPs'];
    }
    for (const name of ['ipFamilies', 'ipFamilyPolicy'])
      if ((spec[name] ?? []).length === 0 && previous[name] !== undefined) spec[name] = previous[name];
  }
  if (needsNodePorts(previous) && needsNodePorts(spec)) {
    const allocated = new Map(((previous['ports'] ?? []) as Fields[]).map((port) => [portKey(port), port['nodePort']]));
    const used = new Set(((spec['ports'] ?? []) as Fields[]).map((port) => port['nodePort'] ?? 0));
    for (const port of (spec['ports'] ?? []) as Fields[]) {
      const old = allocated.get(portKey(port)) ?? 0;
      if ((port['nodePort'] ?? 0) === 0 && old !== 0 && !used.has(old)) port['nodePort'] = old;
    }
  }
  const port: number = previous['healthCheckNodePort'] ?? 0;
  if (needsHealthCheckPort(previous) && needsHealthCheckPort(spec) && (spec['healthCheckNodePort'] ?? 0) === 0) {
    if (port !== 0) spec['healthCheckNodePort'] = port;
  }
}

function dropIfSame(spec: Fields, previous: Fields, names: readonly string[]): void {
  for (const name of names) if (sameValue(spec[name], previous[name])) delete spec[name];
}

/** Only what the client did not change is dropped: what it changed is for validation to refuse. */
function dropUseless(spec: Fields, previous: Fields): void {
  if (needsClusterAddress(previous) && !needsClusterAddress(spec)) {
    dropIfSame(spec, previous, ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']);
  }
  if (needsNodePorts(previous) && !needsNodePorts(spec)) {
    const before = ((previous['ports'] ?? []) as Fields[]).map((port) => port['nodePort'] ?? 0);
    const ports: Fields[] = spec['ports'] ?? [];
    if (ports.every((port) => before.includes(port['nodePort'] ?? 0)))
      for (const port of ports) delete port['nodePort'];
  }
  if (needsHealthCheckPort(previous) && !needsHealthCheckPort(spec))
    dropIfSame(spec, previous, ['healthCheckNodePort']);
  if (previous['type'] === 'LoadBalancer' && spec['type'] !== 'LoadBalancer') {
    dropIfSame(spec, previous, ['allocateLoadBalancerNodePorts', 'loadBalancerClass']);
  }
  if (isExternallyAccessible(previous) && !isExternallyAccessible(spec)) {
    dropIfSame(spec, previous, ['externalTrafficPolicy']);
  }
}

export function prepareForCreate(object: ApiObject): void {
  object['status'] = { loadBalancer: {} };
  alignAddresses(object['spec'] ?? {}, undefined);
}

export function prepareForUpdate(object: ApiObject, previous: Readonly<ApiObject>): void {
  object['status'] = previous['status'];
  const spec: Fields = object['spec'] ?? {};
  const old: Fields = previous['spec'] ?? {};
  keepAllocated(spec, old);
  alignAddresses(spec, old);
  dropUseless(spec, old);
}

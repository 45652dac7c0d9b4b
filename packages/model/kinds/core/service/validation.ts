import { duplicate, type FieldError, forbidden, index, invalid, notSupported, required } from '../../../field-error.ts';
import { addressErrors, blockErrors, specialAddressErrors } from '../../../metadata/addresses.ts';
import { dnsLabelProblems, dnsSubdomainProblems, qualifiedNameProblems } from '../../../metadata/names.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import { labelsErrors } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import type { Fields } from '../pod/fields.ts';
import { oneOf, portNumber, portNumberOrName, problems } from '../pod/validation/scalars.ts';
import { addressChangeErrors, clusterAddressErrors } from './addresses.ts';
import { isExternallyAccessible, isHeadless, needsClusterAddress, needsHealthCheckPort } from './exposure.ts';

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const TRAFFIC = ['Cluster', 'Local'];
const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
const RANGES_ANNOTATION = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'";
const LONGEST_AFFINITY_SECONDS = 86_400;

function typeErrors(spec: Fields): FieldError[] {
  const errors: FieldError[] = [];
  const type: string = spec['type'];
  if ((spec['ports'] ?? []).length === 0 && !isHeadless(spec) && type !== 'ExternalName') {
    errors.push(required('spec.ports'));
  }
  if (isHeadless(spec) && (type === 'LoadBalancer' || type === 'NodePort')) {
    errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`));
  }
  if (type !== 'ExternalName') return errors;
  for (const name of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) {
    const value = spec[name];
    const unset = value === undefined || (Array.isArray(value) && value.length === 0);
    if (!unset) errors.push(forbidden(`spec.${name}`, 'may not be set for ExternalName services'));
  }
  const name = ((spec['externalName'] ?? '') as string).replace(/\.$/, '');
  if (name === '') errors.push(required('spec.externalName'));
  else errors.push(...problems('spec.externalName', name, dnsSubdomainProblems));
  return errors;
}

function portsErrors(spec: Fields): FieldError[] {
  const ports: Fields[] = spec['ports'] ?? [];
  const names = new Set<string>();
  return ports.flatMap((port, position) => {
    const at = index('spec.ports', position);
    const errors: FieldError[] = [];
    const name: string = port['name'] ?? '';
    if (name !== '') {
      errors.push(...problems(`${at}.name`, name, dnsLabelProblems));
      if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
      names.add(name);
    } else if (ports.length > 1) {
      errors.push(required(`${at}.name`));
    }
    errors.push(...portNumber(`${at}.port`, port['port'] ?? 0));
    errors.push(...oneOf(`${at}.protocol`, port['protocol'], PROTOCOLS));
    errors.push(...portNumberOrName(`${at}.targetPort`, port['targetPort']));
    if (port['appProtocol'] !== undefined) {
      errors.push(...problems(`${at}.appProtocol`, port['appProtocol'], qualifiedNameProblems));
    }
    return errors;
  });
}

function portClashErrors(spec: Fields): FieldError[] {
  const ports: Fields[] = spec['ports'] ?? [];
  const errors: FieldError[] = [];
  const [onNodes, inCluster] = [new Set<string>(), new Set<string>()];
  ports.forEach((port, position) => {
    const at = `${index('spec.ports', position)}.nodePort`;
    const nodePort: number = port['nodePort'] ?? 0;
    if (nodePort === 0) return;
    if (spec['type'] === 'ClusterIP') errors.push(forbidden(at, "may not be used when `type` is 'ClusterIP'"));
    const identity = `${port['protocol']}/${nodePort}`;
    if (onNodes.has(identity)) errors.push(duplicate(at, nodePort));
    onNodes.add(identity);
  });
  ports.forEach((port, position) => {
    const identity = `${port['protocol']}/${port['port']}`;
    if (inCluster.has(identity)) {
      errors.push(duplicate(index('spec.ports', position), { protocol: port['protocol'], port: port['port'] }));
    }
    inCluster.add(identity);
  });
  return errors;
}

function affinityErrors(spec: Fields): FieldError[] {
  const affinity: string | undefined = spec['sessionAffinity'];
  const errors = oneOf('spec.sessionAffinity', affinity, ['ClientIP', 'None']);
  const config: Fields | undefined = spec['sessionAffinityConfig'];
  const at = 'spec.sessionAffinityConfig';
  if (affinity === 'None' && config !== undefined) {
    errors.push(forbidden(at, 'must not be set when session affinity is None'));
  }
  if (affinity !== 'ClientIP') return errors;
  const seconds: number | undefined = config?.['clientIP']?.timeoutSeconds;
  const when = 'when session affinity type is ClientIP';
  if (config === undefined) errors.push(required(at, when));
  else if (config['clientIP'] === undefined) errors.push(required(`${at}.clientIP`, when));
  else if (seconds === undefined) errors.push(required(`${at}.clientIP.timeoutSeconds`, when));
  else if (seconds <= 0 || seconds > LONGEST_AFFINITY_SECONDS) {
    const text = `must be greater than 0 and less than ${LONGEST_AFFINITY_SECONDS}`;
    errors.push(invalid(`${at}.clientIP.timeoutSeconds`, seconds, text));
  }
  return errors;
}

function sourceRangeErrors(object: Readonly<ApiObject>, spec: Fields): FieldError[] {
  const ranges: string[] = spec['loadBalancerSourceRanges'] ?? [];
  const annotation = object.metadata?.annotations?.[RANGES_ANNOTATION];
  const wrongType = spec['type'] !== 'LoadBalancer';
  if (ranges.length > 0) {
    // The capital is upstream's.
    const at = 'spec.LoadBalancerSourceRanges';
    return [
      ...(wrongType ? [forbidden(at, ONLY_LOAD_BALANCER)] : []),
      ...ranges.flatMap((range, i) => blockErrors(index(at, i), range.trim())),
    ];
  }
  if (annotation === undefined) return [];
  const at = `metadata.annotations[${RANGES_ANNOTATION}]`;
  const listed = annotation.trim() === '' ? [] : annotation.split(',');
  return [
    ...(wrongType ? [forbidden(at, ONLY_LOAD_BALANCER)] : []),
    ...listed.flatMap((range) => blockErrors(at, range.trim())),
  ];
}

function loadBalancerErrors(spec: Fields, previous: Fields | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const { type, loadBalancerClass, allocateLoadBalancerNodePorts } = spec;
  if (previous === undefined && allocateLoadBalancerNodePorts === undefined && type === 'LoadBalancer') {
    errors.push(required('allocateLoadBalancerNodePorts'));
  }
  if (type !== 'LoadBalancer') {
    for (const name of ['allocateLoadBalancerNodePorts', 'loadBalancerClass']) {
      if (spec[name] !== undefined) errors.push(forbidden(`spec.${name}`, ONLY_LOAD_BALANCER));
    }
    return errors;
  }
  if (previous?.['type'] === 'LoadBalancer' && !sameValue(loadBalancerClass, previous['loadBalancerClass'])) {
    errors.push(invalid('spec.loadBalancerClass', loadBalancerClass, 'may not change once set'));
  }
  if (loadBalancerClass !== undefined) {
    errors.push(...problems('spec.loadBalancerClass', loadBalancerClass, qualifiedNameProblems));
  }
  return errors;
}

function trafficErrors(spec: Fields): FieldError[] {
  const errors: FieldError[] = [];
  const policy: string = spec['externalTrafficPolicy'] ?? '';
  if (isExternallyAccessible(spec)) errors.push(...oneOf('spec.externalTrafficPolicy', policy, TRAFFIC));
  else if (policy !== '') {
    const text = 'may only be set for externally-accessible services';
    errors.push(invalid('spec.externalTrafficPolicy', policy, text));
  }
  const port: number = spec['healthCheckNodePort'] ?? 0;
  if (needsHealthCheckPort(spec)) {
    // A missing port is no fault of the client's: the server allocates it.
    if (port !== 0) errors.push(...portNumber('spec.healthCheckNodePort', port));
  } else if (port !== 0) {
    const text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid('spec.healthCheckNodePort', port, text));
  }
  const inside: string | undefined = spec['internalTrafficPolicy'];
  if (inside === undefined && needsClusterAddress(spec)) errors.push(required('spec.internalTrafficPolicy'));
  if (inside !== undefined && !TRAFFIC.includes(inside)) {
    errors.push(notSupported('spec.internalTrafficPolicy', inside, TRAFFIC));
  }
  const distribution: string | undefined = spec['trafficDistribution'];
  if (distribution !== undefined && !DISTRIBUTIONS.includes(distribution)) {
    errors.push(notSupported('spec.trafficDistribution', distribution, DISTRIBUTIONS));
  }
  return errors;
}

/** Everything wrong with a Service. What the server allocates (addresses, node ports) may still be missing. */
export function validate(object: Readonly<ApiObject>): FieldError[] {
  return serviceErrors(object, undefined);
}

function serviceErrors(object: Readonly<ApiObject>, previous: Fields | undefined): FieldError[] {
  const spec: Fields = object['spec'] ?? {};
  const externals: string[] = spec['externalIPs'] ?? [];
  return [
    ...typeErrors(spec),
    ...portsErrors(spec),
    ...labelsErrors('spec.selector', spec['selector']),
    ...affinityErrors(spec),
    ...clusterAddressErrors(spec),
    ...externals.flatMap((address, i) => {
      const at = index('spec.externalIPs', i);
      const malformed = addressErrors(at, address);
      return malformed.length > 0 ? malformed : specialAddressErrors(at, address);
    }),
    ...oneOf('spec.type', spec['type'], TYPES),
    ...portClashErrors(spec),
    ...sourceRangeErrors(object, spec),
    ...loadBalancerErrors(spec, previous),
    ...trafficErrors(spec),
  ];
}

export function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const spec: Fields = object['spec'] ?? {};
  const old: Fields = previous['spec'] ?? {};
  const errors = addressChangeErrors(spec, old);
  const [port, oldPort] = [spec['healthCheckNodePort'] ?? 0, old['healthCheckNodePort'] ?? 0];
  if (needsHealthCheckPort(spec) && needsHealthCheckPort(old) && port !== oldPort) {
    errors.push(forbidden('spec.healthCheckNodePort', 'field is immutable'));
  }
  return [...errors, ...serviceErrors(object, old)];
}

export function validateStatusUpdate(object: Readonly<ApiObject>): FieldError[] {
  const errors: FieldError[] = [];
  const ingresses: Fields[] = object['status']?.loadBalancer?.ingress ?? [];
  if (object['spec']?.type !== 'LoadBalancer' && ingresses.length > 0) {
    const text = "may only be used when `spec.type` is 'LoadBalancer'";
    return [forbidden('status.loadBalancer.ingress', text)];
  }
  ingresses.forEach((ingress, i) => {
    const at = index('status.loadBalancer.ingress', i);
    const [ip, name]: [string, string] = [ingress['ip'] ?? '', ingress['hostname'] ?? ''];
    if (ip !== '') errors.push(...addressErrors(`${at}.ip`, ip));
    if (ip !== '' && ingress['ipMode'] === undefined) {
      errors.push(required(`${at}.ipMode`, 'must be specified when `ip` is set'));
    } else if (ip === '' && ingress['ipMode'] !== undefined) {
      errors.push(forbidden(`${at}.ipMode`, 'may not be specified when `ip` is not set'));
    } else if (ingress['ipMode'] !== undefined && !['Proxy', 'VIP'].includes(ingress['ipMode'])) {
      errors.push(notSupported(`${at}.ipMode`, ingress['ipMode'], ['Proxy', 'VIP']));
    }
    if (name !== '') {
      errors.push(...problems(`${at}.hostname`, name, dnsSubdomainProblems));
      if (addressErrors('', name).length === 0) {
        const text = 'must be a DNS name, not an IP address';
        errors.push(invalid(`${at}.hostname`, name, text));
      }
    }
  });
  return errors;
}

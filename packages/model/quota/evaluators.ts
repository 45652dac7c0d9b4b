/** How each resource counts against quotas: a few have rules of their own, every other counts as one object. */
import type { ApiObject } from '../object.ts';
import { type Quantity, quantityOrUndefined } from '../quantity/quantity.ts';
import { countName, type Evaluator } from './evaluator.ts';
import { podEvaluator, valueSelected } from './pod-evaluator.ts';
import { count } from './resource-list.ts';

type Fields = Readonly<Record<string, any>>;

/** Resources that had a name of their own before every resource had one. */
const aliased = new Set(['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets']);

function objectCount(group: string, resource: string): Evaluator {
  const names = [countName(group, resource), ...(group === '' && aliased.has(resource) ? [resource] : [])];
  const usage = new Map(names.map((name) => [name, count(1)]));
  return {
    handles: ({ operation, subresource }) => operation === 'CREATE' && subresource === '',
    counts: (name) => names.includes(name),
    inScope: () => false,
    usage: () => usage,
  };
}

const serviceNames = ['count/services', 'services', 'services.nodeports', 'services.loadbalancers'];

const serviceEvaluator: Evaluator = {
  handles: ({ operation, subresource }) => subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
  counts: (name) => serviceNames.includes(name),
  inScope: () => false,
  usage(object) {
    const { type, ports = [], allocateLoadBalancerNodePorts } = (object['spec'] ?? {}) as Fields;
    const balanced = type === 'LoadBalancer';
    const taken = ports.filter((port: Fields) => (port['nodePort'] ?? 0) !== 0).length;
    const nodePorts =
      balanced && allocateLoadBalancerNodePorts === false ? taken : balanced || type === 'NodePort' ? ports.length : 0;
    return new Map([
      ['count/services', count(1)],
      ['services', count(1)],
      ['services.nodeports', count(nodePorts)],
      ['services.loadbalancers', count(balanced ? 1 : 0)],
    ]);
  },
};

const classSuffix = '.storageclass.storage.k8s.io/';
const claimNames = ['count/persistentvolumeclaims', 'persistentvolumeclaims', 'requests.storage'];

const claimEvaluator: Evaluator = {
  handles: ({ operation, subresource }) => subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
  counts: (name) =>
    claimNames.includes(name) ||
    name.endsWith(`${classSuffix}requests.storage`) ||
    name.endsWith(`${classSuffix}persistentvolumeclaims`),
  inScope: (requirement, object) =>
    requirement.scopeName === 'VolumeAttributesClass' && valueSelected(requirement, attributesClasses(object)),
  usage(object) {
    const className = storageClass(object);
    const usage = new Map<string, Quantity>([
      ['count/persistentvolumeclaims', count(1)],
      ['persistentvolumeclaims', count(1)],
    ]);
    if (className !== '') usage.set(`${className}${classSuffix}persistentvolumeclaims`, count(1));
    const size = claimSize(object);
    if (size === undefined) return usage;
    usage.set('requests.storage', size);
    if (className !== '') usage.set(`${className}${classSuffix}requests.storage`, size);
    return usage;
  },
};

function storageClass(claim: Readonly<ApiObject>): string {
  return (
    claim.metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? claim['spec']?.storageClassName ?? ''
  );
}

/** What the claim asks for, or what is set aside for it already when that is more. */
function claimSize(claim: Readonly<ApiObject>): Quantity | undefined {
  const asked = quantityOrUndefined(claim['spec']?.resources?.requests?.storage);
  const allocated = quantityOrUndefined(claim['status']?.allocatedResources?.storage);
  return asked && allocated && allocated.compare(asked) > 0 ? allocated : asked;
}

function attributesClasses(claim: Readonly<ApiObject>): string[] {
  const { currentVolumeAttributesClassName, modifyVolumeStatus } = (claim['status'] ?? {}) as Fields;
  const names = [
    claim['spec']?.volumeAttributesClassName,
    currentVolumeAttributesClassName,
    modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return names.filter((name): name is string => typeof name === 'string' && name !== '');
}

const special: Readonly<Record<string, Evaluator>> = {
  pods: podEvaluator,
  services: serviceEvaluator,
  persistentvolumeclaims: claimEvaluator,
};

const plain = new Map<string, Evaluator>();

/** The evaluator of a resource; undefined for what is never counted: Events, and what is not stored. */
export function evaluatorOf(group: string, resource: string): Evaluator | undefined {
  if (group === '' && Object.hasOwn(special, resource)) return special[resource];
  if (group === '' && (resource === 'events' || resource === 'bindings')) return undefined;
  if (group === 'authorization.k8s.io' || group === 'authentication.k8s.io') return undefined;
  const key = `${resource}.${group}`;
  let evaluator = plain.get(key);
  if (evaluator === undefined) {
    evaluator = objectCount(group, resource);
    plain.set(key, evaluator);
  }
  return evaluator;
}

/**
 * Which resource's objects a quota's name counts: `count/deployments.apps`, `secrets`, `limits.cpu`. Undefined for names
 * that count nothing.
 */
export function countedBy(name: string): { readonly group: string; readonly resource: string } | undefined {
  for (const [resource, evaluator] of Object.entries(special))
    if (evaluator.counts(name)) return { group: '', resource };
  if (aliased.has(name)) return { group: '', resource: name };
  const match = /^count\/([^.]+)(?:\.(.+))?$/.exec(name);
  return match === null ? undefined : { group: match[2] ?? '', resource: match[1]! };
}

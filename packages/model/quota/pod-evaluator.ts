import { qualityOfService } from '../kinds/core/pod/quality-of-service.ts';
import { aggregateContainers, isPodLevelResource, podRequests } from '../kinds/core/pod/resource-requests.ts';
import { isExtended, isNative } from '../kinds/core/pod/validation/resources.ts';
import type { ApiObject } from '../object.ts';
import type { Quantity } from '../quantity/quantity.ts';
import type { Evaluator, ScopeRequirement } from './evaluator.ts';
import { addLists, count, type ResourceList, readList } from './resource-list.ts';

type Fields = Readonly<Record<string, any>>;

/** Every container has to say these when a quota counts them. Upstream calls it a mistake, and keeps it. */
const required = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']);
const counted = new Set([
  ...required,
  'count/pods',
  'ephemeral-storage',
  'requests.ephemeral-storage',
  'limits.ephemeral-storage',
  'pods',
]);

export const podEvaluator: Evaluator = {
  handles: ({ operation, subresource }) =>
    (operation === 'CREATE' && subresource === '') || (operation === 'UPDATE' && subresource === 'resize'),
  counts: (name) =>
    counted.has(name) ||
    name.startsWith('hugepages-') ||
    name.startsWith('requests.hugepages-') ||
    (!isNative(name) && name.startsWith('requests.')),
  inScope: podInScope,
  problem: missingValues,
  usage: podUsage,
};

function missingValues(names: readonly string[], object: Readonly<ApiObject>): string | undefined {
  const spec: Fields = object['spec'] ?? {};
  const wanted = names.filter((name) => required.has(name));
  if (wanted.length === 0) return undefined;
  const ofPod = computeUsage(readList(spec['resources']?.requests), readList(spec['resources']?.limits));
  const missing = new Map<string, Set<string>>();
  for (const container of [...(spec['containers'] ?? []), ...(spec['initContainers'] ?? [])] as Fields[]) {
    const { requests, limits } = container['resources'] ?? {};
    const has = computeUsage(readList(requests), readList(limits));
    for (const name of wanted) {
      if (has.has(name) || ofPod.has(name)) continue;
      missing.set(name, (missing.get(name) ?? new Set()).add(container['name']));
    }
  }
  if (missing.size === 0) return undefined;
  const texts = [...missing.keys()].sort().map((name) => `${name} for: ${[...missing.get(name)!].sort().join(',')}`);
  return `must specify ${texts.join('; ')}`;
}

/** A pod's requests and limits under the names that quotas have for them. */
function computeUsage(requests: ResourceList, limits: ResourceList): Map<string, Quantity> {
  const usage = new Map<string, Quantity>([['pods', count(1)]]);
  for (const [name, quantity] of requests) {
    const plain = name === 'cpu' || name === 'memory' || name === 'ephemeral-storage' || name.startsWith('hugepages-');
    if (plain) usage.set(name, quantity);
    if (plain || isExtended(name)) usage.set(`requests.${name}`, quantity);
  }
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
    const limit = limits.get(name);
    if (limit !== undefined) usage.set(`limits.${name}`, limit);
  }
  return usage;
}

/** A pod that has ended, or should have long ago, uses nothing but its place in the store. */
function podUsage(object: Readonly<ApiObject>, now: number): ResourceList {
  const stored: ResourceList = new Map([['count/pods', count(1)]]);
  const { deletionTimestamp, deletionGracePeriodSeconds: grace } = object.metadata ?? {};
  const phase = object['status']?.phase;
  if (phase === 'Failed' || phase === 'Succeeded') return stored;
  if (deletionTimestamp !== undefined && grace !== undefined && now > Date.parse(deletionTimestamp) + grace * 1000)
    return stored;
  const spec: Fields = object['spec'] ?? {};
  return addLists(stored, computeUsage(podRequests(spec), podLimits(spec)));
}

/** What a pod's containers may use together, with the overhead of what is limited. */
function podLimits(spec: Fields): Map<string, Quantity> {
  const total = new Map(aggregateContainers(spec, 'limits'));
  for (const [name, quantity] of readList(spec['resources']?.limits))
    if (isPodLevelResource(name)) total.set(name, quantity);
  for (const [name, quantity] of readList(spec['overhead'])) {
    const limit = total.get(name);
    if (limit !== undefined && limit.sign() !== 0) total.set(name, limit.add(quantity));
  }
  return total;
}

function podInScope(requirement: ScopeRequirement, object: Readonly<ApiObject>): boolean {
  const spec: Fields = object['spec'] ?? {};
  switch (requirement.scopeName) {
    case 'Terminating':
      return (spec['activeDeadlineSeconds'] ?? -1) >= 0;
    case 'NotTerminating':
      return (spec['activeDeadlineSeconds'] ?? -1) < 0;
    case 'BestEffort':
      return qualityOfService(spec) === 'BestEffort';
    case 'NotBestEffort':
      return qualityOfService(spec) !== 'BestEffort';
    case 'PriorityClass':
      return valueSelected(requirement, spec['priorityClassName'] ? [spec['priorityClassName']] : []);
    case 'CrossNamespacePodAffinity':
      return usesOtherNamespaces(spec['affinity'] ?? {});
    default:
      return false;
  }
}

/** Whether one of the values, or their absence, satisfies the requirement. */
export function valueSelected({ operator, values = [] }: ScopeRequirement, actual: readonly string[]): boolean {
  if (operator === 'Exists') return actual.length > 0;
  if (operator === 'DoesNotExist') return actual.length === 0;
  if (operator === 'In') return actual.some((one) => values.includes(one));
  if (operator === 'NotIn') return actual.length === 0 || actual.some((one) => !values.includes(one));
  return false;
}

function usesOtherNamespaces({ podAffinity = {}, podAntiAffinity = {} }: Fields): boolean {
  return [podAffinity, podAntiAffinity].some((affinity: Fields) => {
    const hard: Fields[] = affinity['requiredDuringSchedulingIgnoredDuringExecution'] ?? [];
    const soft: Fields[] = affinity['preferredDuringSchedulingIgnoredDuringExecution'] ?? [];
    const terms = [...hard, ...soft.map((weighted) => weighted['podAffinityTerm'] ?? {})];
    return terms.some((term) => (term['namespaces'] ?? []).length > 0 || term['namespaceSelector'] !== undefined);
  });
}

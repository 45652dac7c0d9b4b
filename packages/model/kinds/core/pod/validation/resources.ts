/** Requests and limits: names, quantities, and that a request is no more than its limit. */
import {
  duplicate,
  type FieldError,
  forbidden,
  index,
  invalid,
  key,
  notFound,
  required,
} from '../../../../field-error.ts';
import { dnsLabelProblems, qualifiedNameProblems } from '../../../../metadata/names.ts';
import { type Quantity, quantityOrUndefined } from '../../../../quantity/quantity.ts';
import type { Fields } from '../fields.ts';
import { aggregateContainers, isPodLevelResource } from '../resource-requests.ts';
import { oneOf, problems } from './scalars.ts';

const STANDARD_FOR_CONTAINERS = new Set(['cpu', 'memory', 'ephemeral-storage']);
/** Every resource that Kubernetes itself counts, for pods, claims and quotas. */
export const STANDARD = new Set([
  ...STANDARD_FOR_CONTAINERS,
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'storage',
  'requests.storage',
  'services.nodeports',
  'services.loadbalancers',
]);
const COUNTED = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);

export function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-');
}

/** Resources that Kubernetes itself knows: without a domain, or in its own. */
export function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

/** Resources of devices, which nodes count in whole pieces. */
export function isExtended(name: string): boolean {
  return !isNative(name) && !name.startsWith('requests.') && qualifiedNameProblems(`requests.${name}`).length === 0;
}

/** More of it may be promised than there is. */
export function mayOvercommit(name: string): boolean {
  return isNative(name) && !isHugePages(name);
}

export function resourceNameErrors(at: string, name: string): FieldError[] {
  const errors = qualifiedNameProblems(name).map((problem) => invalid(at, name, problem));
  if (!name.includes('/')) {
    if (errors.length === 0 && !STANDARD.has(name) && !isHugePages(name)) {
      errors.push(invalid(at, name, 'must be a standard resource type or fully qualified'));
    }
    if (!STANDARD_FOR_CONTAINERS.has(name) && !isHugePages(name)) {
      errors.push(invalid(at, name, 'must be a standard resource for containers'));
    }
  } else if (!isNative(name) && !isExtended(name)) {
    errors.push(invalid(at, name, "doesn't follow extended resource name standard"));
  }
  return errors;
}

/** Not negative, and whole where pieces are counted. */
export function resourceQuantityErrors(at: string, name: string, value: unknown): FieldError[] {
  const quantity = quantityOrUndefined(value);
  if (quantity === undefined) {
    const syntax = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    return [invalid(at, value, syntax)];
  }
  if (quantity.sign() < 0) return [invalid(at, quantity.toString(), 'must be greater than or equal to 0')];
  const whole = COUNTED.has(name) || isExtended(name);
  return whole && !quantity.isInteger() ? [invalid(at, quantity.toString(), 'must be an integer')] : [];
}

function listErrors(at: string, list: Readonly<Record<string, unknown>>): FieldError[] {
  return Object.entries(list).flatMap(([name, value]) => [
    ...resourceNameErrors(key(at, name), name),
    ...resourceQuantityErrors(key(at, name), name, value),
    ...(isHugePages(name) ? hugePagesErrors(key(at, name), name, value) : []),
  ]);
}

function hugePagesErrors(at: string, name: string, value: unknown): FieldError[] {
  const size = quantityOrUndefined(name.slice('hugepages-'.length));
  const quantity = quantityOrUndefined(value);
  if (size === undefined || size.sign() <= 0 || quantity === undefined) return [];
  if (quantity.nano % size.nano === 0n) return [];
  return [invalid(at, quantity.toString(), `${quantity} is not positive integer multiple of ${name}`)];
}

function requestErrors(at: string, requests: Fields, limits: Fields): FieldError[] {
  return Object.entries(requests).flatMap(([name, value]): FieldError[] => {
    const quantity = quantityOrUndefined(value);
    const limit: Quantity | undefined = Object.hasOwn(limits, name) ? quantityOrUndefined(limits[name]) : undefined;
    if (limit === undefined) {
      return mayOvercommit(name) || Object.hasOwn(limits, name)
        ? []
        : [required(`${at}.limits`, 'Limit must be set for non overcommitable resources')];
    }
    if (quantity === undefined) return [];
    const order = quantity.compare(limit);
    if (order !== 0 && !mayOvercommit(name)) {
      return [invalid(`${at}.requests`, quantity.toString(), `must be equal to ${name} limit of ${limit}`)];
    }
    return order > 0
      ? [invalid(`${at}.requests`, quantity.toString(), `must be less than or equal to ${name} limit of ${limit}`)]
      : [];
  });
}

/** Which of the pod's claims a container uses: all of one, or single requests of it, each once. */
function claimErrors(at: string, claims: readonly Fields[], podClaims: ReadonlySet<string>): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  const known = podClaims.size === 0 ? ' which is empty' : `: ${[...podClaims].sort().join(', ')}`;
  claims.forEach((claim, position) => {
    const field = index(at, position);
    const { name = '', request = '' } = claim as Record<string, string>;
    if (name === '') {
      errors.push(required(field));
      return;
    }
    const whole = request === '';
    const identity = whole ? name : `${name}/${request}`;
    if (!whole) errors.push(...problems(`${field}.request`, request, dnsLabelProblems));
    const overlaps =
      seen.has(name) || seen.has(identity) || (whole && [...seen].some((one) => one.startsWith(`${name}/`)));
    if (overlaps) errors.push(duplicate(field, seen.has(name) ? name : identity));
    seen.add(identity);
    if (!podClaims.has(name)) {
      const error = notFound(field, name);
      const detail = `must be one of the names in pod.spec.resourceClaims${known}`;
      errors.push({ ...error, message: `${error.message}: ${detail}` });
    }
  });
  return errors;
}

/** The resources of a container (or of an overhead, as limits only). */
export function resourcesErrors(at: string, resources: Fields, podClaims: ReadonlySet<string>): FieldError[] {
  const limits: Fields = resources['limits'] ?? {};
  const requests: Fields = resources['requests'] ?? {};
  const errors = [
    ...listErrors(`${at}.limits`, limits),
    ...listErrors(`${at}.requests`, requests),
    ...requestErrors(at, requests, limits),
  ];
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(forbidden(at, 'HugePages require cpu or memory'));
  }
  return [...errors, ...claimErrors(`${at}.claims`, resources['claims'] ?? [], podClaims)];
}

/** The resources of a pod as a whole, which hold those of its containers. */
export function podResourcesErrors(at: string, spec: Fields): FieldError[] {
  const resources: Fields | undefined = spec['resources'];
  if (resources === undefined) return [];
  const limits: Fields = resources['limits'] ?? {};
  const requests: Fields = resources['requests'] ?? {};
  const errors: FieldError[] = [];
  if (resources['claims'] !== undefined) {
    errors.push(forbidden(`${at}.claims`, 'claims cannot be set for Resources at pod-level'));
  }
  for (const [list, values] of [
    ['limits', limits],
    ['requests', requests],
  ] as const) {
    for (const [name, value] of Object.entries(values)) {
      const field = key(`${at}.${list}`, name);
      if (!isPodLevelResource(name)) errors.push(...oneOf(field, name, ['cpu', 'hugepages-', 'memory']));
      else errors.push(...resourceQuantityErrors(field, name, value));
    }
  }
  errors.push(...requestErrors(at, requests, limits));
  for (const [name, sum] of aggregateContainers(spec, 'requests')) {
    const own = quantityOrUndefined(requests[name] ?? '0');
    if (!isPodLevelResource(name) || own === undefined || sum.compare(own) <= 0) continue;
    const text = `must be greater than or equal to aggregate container requests of ${sum}`;
    errors.push(invalid(key(`${at}.requests`, name), own.toString(), text));
  }
  return [...errors, ...containerLimitErrors(at, spec, limits)];
}

function containerLimitErrors(at: string, spec: Fields, limits: Fields): FieldError[] {
  return ((spec['containers'] ?? []) as Fields[]).flatMap((container, position) =>
    Object.entries((container['resources']?.limits ?? {}) as Fields).flatMap(([name, value]) => {
      const [own, whole] = [quantityOrUndefined(value), quantityOrUndefined(limits[name])];
      if (own === undefined || whole === undefined || own.compare(whole) <= 0) return [];
      const field = `${key(index(`${at}.containers`, position), name)}.limits`;
      return [invalid(field, own.toString(), `must be less than or equal to pod limits of ${whole}`)];
    }),
  );
}

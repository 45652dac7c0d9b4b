import { type ApiObject, type Quantity, quantityOrUndefined } from '@keelson/model';
import { aggregateContainers, isPodLevelResource } from '@keelson/model/kinds/core/pod/resource-requests.ts';

type Fields = Readonly<Record<string, any>>;
/** What one thing requests and may use. */
interface Resources {
  readonly requests: ReadonlyMap<string, Quantity>;
  readonly limits: ReadonlyMap<string, Quantity>;
}

/** What of the object one LimitRange does not allow (k8s.io/kubernetes/plugin/pkg/admission/limitranger). */
export function limitProblems(resource: string, object: Readonly<ApiObject>, range: Readonly<ApiObject>): string[] {
  const limits: Fields[] = range['spec']?.limits ?? [];
  return limits.flatMap((limit) => (resource === 'pods' ? podProblems(limit, object) : claimProblems(limit, object)));
}

function podProblems(limit: Fields, pod: Readonly<ApiObject>): string[] {
  const spec: Fields = pod['spec'] ?? {};
  const type: string = limit['type'];
  if (type === 'Pod') return problemsOf(type, limit, resourcesOfPod(spec));
  if (type !== 'Container') return [];
  const containers: Fields[] = [...(spec['containers'] ?? []), ...(spec['initContainers'] ?? [])];
  return containers.flatMap((container) => problemsOf(type, limit, resourcesOf(container['resources'])));
}

function claimProblems(limit: Fields, claim: Readonly<ApiObject>): string[] {
  const type: string = limit['type'];
  if (type !== 'PersistentVolumeClaim') return [];
  const { requests } = resourcesOf(claim['spec']?.resources);
  const asked = { requests, limits: new Map<string, Quantity>() };
  return [
    ...each(limit['min'], (name, enforced) => tooLittle(type, name, enforced, asked)),
    ...each(limit['max'], (name, enforced) => requestTooMuch(type, name, enforced, asked)),
  ];
}

function problemsOf(type: string, limit: Fields, resources: Resources): string[] {
  return [
    ...each(limit['min'], (name, enforced) => tooLittle(type, name, enforced, resources)),
    ...each(limit['max'], (name, enforced) => tooMuch(type, name, enforced, resources)),
    ...each(limit['maxLimitRequestRatio'], (name, enforced) => tooFarApart(type, name, enforced, resources)),
  ];
}

function each(list: Fields | undefined, check: (name: string, enforced: Quantity) => string | undefined): string[] {
  return Object.entries(list ?? {}).flatMap(([name, value]) => {
    const enforced = quantityOrUndefined(value);
    const problem = enforced && check(name, enforced);
    return problem === undefined ? [] : [problem];
  });
}

function resourcesOf(resources: Fields | undefined): Resources {
  const read = (list: Fields | undefined) => {
    const found = new Map<string, Quantity>();
    for (const [name, value] of Object.entries(list ?? {})) {
      const quantity = quantityOrUndefined(value);
      if (quantity !== undefined) found.set(name, quantity);
    }
    return found;
  };
  return { requests: read(resources?.['requests']), limits: read(resources?.['limits']) };
}

function resourcesOfPod(spec: Fields): Resources {
  const requests = aggregateContainers(spec, 'requests');
  const limits = aggregateContainers(spec, 'limits');
  const own = resourcesOf(spec['resources']);
  for (const [name, quantity] of own.requests) if (isPodLevelResource(name)) requests.set(name, quantity);
  for (const [name, quantity] of own.limits) if (isPodLevelResource(name)) limits.set(name, quantity);
  return { requests, limits };
}

function tooLittle(type: string, name: string, least: Quantity, { requests, limits }: Resources): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const text = `minimum ${name} usage per ${type} is ${least}`;
  if (request === undefined) return `${text}.  No request is specified`;
  if (request.compare(least) < 0) return `${text}, but request is ${request}`;
  return limit !== undefined && limit.compare(least) < 0 ? `${text}, but limit is ${limit}` : undefined;
}

function tooMuch(type: string, name: string, most: Quantity, { requests, limits }: Resources): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const text = `maximum ${name} usage per ${type} is ${most}`;
  if (limit === undefined) return `${text}.  No limit is specified`;
  if (limit.compare(most) > 0) return `${text}, but limit is ${limit}`;
  return request !== undefined && request.compare(most) > 0 ? `${text}, but request is ${request}` : undefined;
}

function requestTooMuch(type: string, name: string, most: Quantity, { requests }: Resources): string | undefined {
  const request = requests.get(name);
  const text = `maximum ${name} usage per ${type} is ${most}`;
  if (request === undefined) return `${text}.  No request is specified`;
  return request.compare(most) > 0 ? `${text}, but request is ${request}` : undefined;
}

function tooFarApart(type: string, name: string, most: Quantity, { requests, limits }: Resources): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const text = `${name} max limit to request ratio per ${type} is ${most}`;
  if (request === undefined || request.sign() === 0) return `${text}, but no request is specified or request is 0`;
  if (limit === undefined || limit.sign() === 0) return `${text}, but no limit is specified or limit is 0`;
  const ratio = limit.toNumber() / request.toNumber();
  return ratio > most.toNumber() ? `${text}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}

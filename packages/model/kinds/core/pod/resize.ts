import { type FieldError, forbidden, invalid } from '../../../field-error.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import type { ApiObject } from '../../../object.ts';
import type { SubresourceUpdate } from '../../../strategy.ts';
import type { Fields } from './fields.ts';
import { keepAllBut } from './kept.ts';
import { qualityOfService } from './quality-of-service.ts';
import { isSidecar } from './resource-requests.ts';
import { MIRROR, standingErrors } from './validation/pod.ts';

const RESIZABLE = new Set(['cpu', 'memory']);
const LISTS = ['containers', 'initContainers'] as const;

/** The containers of `previous`, with the resources that `next` gives those of the same name. */
function withResources(previous: readonly Fields[], next: readonly Fields[]): Fields[] {
  return previous.map((old) => {
    const same = next.find((container) => container['name'] === old['name']);
    if (same === undefined) return old;
    const { resources, resizePolicy } = same;
    const merged: Fields = { ...old, resources: resources ?? {}, resizePolicy };
    if (resizePolicy === undefined) delete merged['resizePolicy'];
    return merged;
  });
}

function removed(next: Fields | undefined, previous: Fields | undefined): boolean {
  return Object.keys(previous ?? {}).some((name) => !Object.hasOwn(next ?? {}, name));
}

/** What is not CPU or memory, which alone can be resized. */
function fixedPart(resources: Fields | undefined): Fields {
  const part = (list: Fields | undefined) =>
    Object.fromEntries(Object.entries(list ?? {}).filter(([name]) => !RESIZABLE.has(name)));
  const { limits, requests, ...rest } = resources ?? {};
  return { ...rest, limits: part(limits), requests: part(requests) };
}

function containerErrors(at: string, next: Fields, old: Fields, isInit: boolean): FieldError[] {
  const [resources, before]: [Fields, Fields] = [next['resources'] ?? {}, old['resources'] ?? {}];
  if (isInit && !isSidecar(old)) {
    return sameValue(next, old) ? [] : [forbidden('spec', 'resources for non-sidecar init containers are immutable')];
  }
  const errors: FieldError[] = [];
  for (const list of ['requests', 'limits'] as const) {
    if (!removed(resources[list], before[list])) continue;
    errors.push(forbidden(`${at}.resources.${list}`, `resource ${list} cannot be removed`));
  }
  if (!sameValue(fixedPart(resources), fixedPart(before))) {
    const which = isInit ? 'resources for sidecar containers' : 'resources';
    errors.push(forbidden('spec', `only cpu and memory ${which} are mutable`));
  }
  return errors;
}

/** Whole pods that cannot be resized, with the reason. */
function unsupported(previous: Readonly<ApiObject>): string | undefined {
  const spec: Fields = previous['spec'] ?? {};
  if (previous.metadata?.annotations?.[MIRROR] !== undefined) return 'static pods cannot be resized';
  if (spec['os']?.name === 'windows') return 'windows pods cannot be resized';
  const { requests = {}, limits = {} } = spec['resources'] ?? {};
  const podLevel = Object.keys(requests).length + Object.keys(limits).length > 0;
  return podLevel ? 'pods with pod-level resources cannot be resized' : undefined;
}

function validate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const reason = unsupported(previous);
  if (reason !== undefined) return [forbidden('[]', reason)];
  const [spec, old]: [Fields, Fields] = [object['spec'] ?? {}, previous['spec'] ?? {}];
  const errors = standingErrors(object);
  if (qualityOfService(spec) !== qualityOfService(old)) {
    const text = 'Pod QOS Class may not change as a result of resizing';
    errors.push(invalid('spec', object['status']?.qosClass ?? '', text));
  }
  const running = ((previous['status']?.containerStatuses ?? []) as Fields[]).find(
    (container) => container['state']?.running !== undefined,
  );
  if (running !== undefined && running['resources'] === undefined) {
    errors.push(forbidden('spec', 'Pod running on node without support for resize'));
  }
  for (const list of LISTS) {
    ((spec[list] ?? []) as Fields[]).forEach((container, i) => {
      const before: Fields = old[list]?.[i] ?? {};
      errors.push(...containerErrors(`spec.${list}[${i}]`, container, before, list === 'initContainers'));
    });
  }
  return errors;
}

/** pods/resize: CPU and memory of the containers of a pod that runs. */
export const resizeUpdate: SubresourceUpdate = {
  prepare(object, previous) {
    const next: Fields = object['spec'] ?? {};
    const spec: Fields = structuredClone(previous['spec']) ?? {};
    for (const list of LISTS) {
      if (spec[list] !== undefined) spec[list] = withResources(spec[list], next[list] ?? []);
    }
    keepAllBut(object, previous, spec);
  },
  validate,
};

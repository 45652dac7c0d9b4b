/** Defaults of pods that templates do not get: they appear when the pod is made. */
import type { ApiObject } from '../../../object.ts';
import { quantityOrUndefined } from '../../../quantity/quantity.ts';
import type { Fields } from './fields.ts';
import { defaultPodSpec } from './pod-spec-defaults.ts';
import { aggregateContainers, isPodLevelResource } from './resource-requests.ts';

/** Who names a limit and no request requests the limit. */
function requestLimits(container: Fields): void {
  const resources = container['resources'];
  if (resources?.limits === undefined) return;
  const missing = Object.entries(resources.limits).filter(([name]) => !Object.hasOwn(resources.requests ?? {}, name));
  resources.requests = { ...resources.requests, ...Object.fromEntries(missing) };
}

function hostPorts(containers: readonly Fields[]): void {
  for (const port of containers.flatMap((container) => (container['ports'] ?? []) as Fields[])) {
    if ((port['hostPort'] ?? 0) === 0) port['hostPort'] = port['containerPort'];
  }
}

/** Requests of the pod as a whole, when its limits are given: the containers' sum, or else the limit. */
function podLevelRequests(spec: Fields): void {
  const resources = spec['resources'];
  if (resources === undefined || resources === null) return;
  const limits: Record<string, string> = resources.limits ?? {};
  if (Object.keys(limits).length === 0) return;
  const requests: Record<string, string> = { ...resources.requests };
  for (const [name, quantity] of aggregateContainers(spec, 'requests')) {
    const overcommitted = !name.startsWith('hugepages-');
    if (!Object.hasOwn(requests, name) && isPodLevelResource(name) && overcommitted)
      requests[name] = quantity.toString();
  }
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(requests, name) && isPodLevelResource(name)) {
      requests[name] = quantityOrUndefined(value)?.toString() ?? value;
    }
  }
  if (Object.keys(requests).length > 0) resources.requests = requests;
}

export function defaultPod(object: ApiObject): void {
  const spec: Fields = (object['spec'] ??= {});
  defaultPodSpec(spec);
  const containers: Fields[] = spec['containers'] ?? [];
  const initial: Fields[] = spec['initContainers'] ?? [];
  for (const container of [...containers, ...initial]) requestLimits(container);
  podLevelRequests(spec);
  spec['enableServiceLinks'] ??= true;
  if (spec['hostNetwork'] === true) {
    hostPorts(containers);
    hostPorts(initial);
  }
}

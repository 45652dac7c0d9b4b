import type { ApiObject } from '@keelson/model';

type Fields = Record<string, any>;

const annotation = 'kubernetes.io/limit-ranger';

/** Fills in what a pod's containers leave out, from the defaults of one LimitRange, and notes it in an annotation. */
export function setDefaultResources(pod: ApiObject, range: Readonly<ApiObject>): void {
  const standard: Fields = {};
  const request: Fields = {};
  for (const limit of (range['spec']?.limits ?? []) as Fields[]) {
    if (limit['type'] !== 'Container') continue;
    Object.assign(standard, limit['default']);
    Object.assign(request, limit['defaultRequest']);
  }
  const notes: string[] = [];
  const spec: Fields = pod['spec'] ?? {};
  const kinds = [
    ['container', spec['containers'] ?? []],
    ['init container', spec['initContainers'] ?? []],
  ] as const;
  for (const [kind, containers] of kinds)
    for (const container of containers as Fields[]) {
      const limited = merge(container, 'limits', standard);
      const requested = merge(container, 'requests', request);
      if (requested.length > 0) notes.push(`${requested.join(', ')} request for ${kind} ${container['name']}`);
      if (limited.length > 0) notes.push(`${limited.join(', ')} limit for ${kind} ${container['name']}`);
    }
  if (notes.length === 0) return;
  pod.metadata = { ...pod.metadata };
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [annotation]: `LimitRanger plugin set: ${notes.join('; ')}`,
  };
}

/** Adds what is missing to one list of a container's resources. Returns its names, sorted. */
function merge(container: Fields, list: 'limits' | 'requests', defaults: Fields): string[] {
  const added: string[] = [];
  for (const [name, value] of Object.entries(defaults)) {
    const resources = (container['resources'] ??= {});
    const present = (resources[list] ??= {});
    if (Object.hasOwn(present, name)) continue;
    present[name] = value;
    added.push(name);
  }
  return added.sort();
}

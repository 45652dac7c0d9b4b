/** What a pod needs of a node, computed from its containers as upstream's component-helpers/resource does. */
import { parseQuantity, type Quantity, quantityOrUndefined } from '../../../quantity/quantity.ts';
import type { Fields } from './fields.ts';

export type Requests = Map<string, Quantity>;

function read(resources: Readonly<Record<string, unknown>> | undefined): Requests {
  const result: Requests = new Map();
  for (const [name, value] of Object.entries(resources ?? {})) {
    const quantity = quantityOrUndefined(value);
    if (quantity !== undefined) result.set(name, quantity);
  }
  return result;
}

function addAll(total: Requests, part: Requests): void {
  for (const [name, quantity] of part) total.set(name, (total.get(name) ?? parseQuantity('0')).add(quantity));
}

function keepLargest(total: Requests, part: Requests): void {
  for (const [name, quantity] of part) {
    const known = total.get(name);
    if (known === undefined || known.compare(quantity) < 0) total.set(name, quantity);
  }
}

/** An init container that goes on running beside the others. */
export function isSidecar(container: Fields): boolean {
  return container['restartPolicy'] === 'Always';
}

/**
 * What the containers of a pod request together (`list` 'requests') or may use ('limits'): the sum of those that run at
 * the same time, or what the hungriest step of initialisation needs with the sidecars started before it.
 */
export function aggregateContainers(spec: Fields, list: 'requests' | 'limits'): Requests {
  const total: Requests = new Map();
  for (const container of (spec['containers'] ?? []) as Fields[]) addAll(total, read(container['resources']?.[list]));
  const sidecars: Requests = new Map();
  const initial: Requests = new Map();
  for (const container of (spec['initContainers'] ?? []) as Fields[]) {
    const own = read(container['resources']?.[list]);
    if (isSidecar(container)) {
      addAll(total, own);
      addAll(sidecars, own);
      keepLargest(initial, sidecars);
    } else {
      const step: Requests = new Map(own);
      addAll(step, sidecars);
      keepLargest(initial, step);
    }
  }
  keepLargest(total, initial);
  return total;
}

/** Resources that a pod as a whole can request. */
export function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
}

/** What the scheduler sets aside for a pod: pod-level requests where there are any, else the containers', and overhead. */
export function podRequests(spec: Fields): Requests {
  const total = aggregateContainers(spec, 'requests');
  for (const [name, quantity] of read(spec['resources']?.requests)) {
    if (isPodLevelResource(name)) total.set(name, quantity);
  }
  addAll(total, read(spec['overhead']));
  return total;
}

import { quantityToNumber } from '@keelson/model';
import type { Container, Pod } from '@keelson/model/generated/types/core-v1.ts';

/** Amounts of resources by name, whole numbers: cpu in thousandths of a core, memory and storage in bytes, others in pieces. */
export type Amounts = Map<string, number>;

/** What the scheduler counts for a container that asks for nothing when it spreads load, in the units of `Amounts`. */
const assumedCpu = 100;
const assumedMemory = 200 * 1024 * 1024;

/** A quantity as the whole number that `Amounts` holds, rounded up. */
export function amountOf(resource: string, quantity: string): number {
  const value = quantityToNumber(quantity);
  return Math.ceil((resource === 'cpu' ? value * 1000 : value) - 1e-6);
}

/** A resource list (`{cpu: '100m', memory: '1Gi'}`) in whole numbers. */
export function amountsOf(list: Readonly<Record<string, string>> | undefined): Amounts {
  return new Map(Object.entries(list ?? {}).map(([name, quantity]) => [name, amountOf(name, quantity)]));
}

/**
 * What a pod asks of its node: the containers' and sidecars' requests together, or the most that a step of its
 * initialisation needs if that is more, and the overhead of its runtime class on top.
 */
export function podRequest(pod: Pod): Amounts {
  return requestWith(pod, (container) => containerRequest(pod, container));
}

/**
 * What a container asks, or the more of it that its node has given it or is still giving it, when its resources are being
 * changed while it runs (KEP 1287). What the node can never give is not counted.
 */
function containerRequest(pod: Pod, { name, resources }: Container): Amounts {
  const asked = amountsOf(resources?.requests);
  const { initContainerStatuses = [], containerStatuses = [], conditions = [] } = pod.status ?? {};
  const status = [...containerStatuses, ...initContainerStatuses].find((one) => one.name === name);
  if (status?.allocatedResources === undefined && status?.resources?.requests === undefined) return asked;
  const infeasible = conditions.some((one) => one.type === 'PodResizePending' && one.reason === 'Infeasible');
  const amounts: Amounts = infeasible ? new Map() : asked;
  raise(amounts, amountsOf(status.allocatedResources));
  raise(amounts, amountsOf(status.resources?.requests));
  return amounts;
}

/** The same, counting a small amount of cpu and memory for each container that asks for none of it. */
export function podRequestForSpreading(pod: Pod): Amounts {
  return requestWith(pod, (container) => {
    const amounts = containerRequest(pod, container);
    if (!amounts.has('cpu')) amounts.set('cpu', assumedCpu);
    if (!amounts.has('memory')) amounts.set('memory', assumedMemory);
    return amounts;
  });
}

function requestWith(pod: Pod, requestOf: (container: Container) => Amounts): Amounts {
  const total: Amounts = new Map();
  for (const container of pod.spec?.containers ?? []) add(total, requestOf(container));
  const sidecars: Amounts = new Map();
  const largestStep: Amounts = new Map();
  for (const container of pod.spec?.initContainers ?? []) {
    const request = requestOf(container);
    if (container.restartPolicy === 'Always') {
      add(total, request);
      add(sidecars, request);
      raise(largestStep, sidecars);
    } else {
      add(request, sidecars);
      raise(largestStep, request);
    }
  }
  raise(total, largestStep);
  for (const [name, quantity] of Object.entries(pod.spec?.resources?.requests ?? {}))
    total.set(name, amountOf(name, quantity));
  add(total, amountsOf(pod.spec?.overhead));
  return total;
}

function add(total: Amounts, more: Amounts): void {
  for (const [name, amount] of more) total.set(name, (total.get(name) ?? 0) + amount);
}

function raise(total: Amounts, least: Amounts): void {
  for (const [name, amount] of least) if (amount > (total.get(name) ?? 0)) total.set(name, amount);
}

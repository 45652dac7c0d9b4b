import { quantityToNumber } from '@keelson/model';
import type { Node, Pod, Toleration } from '@keelson/model/generated/types/core-v1.ts';
import type { ResizeRefusal } from './pod-allocation.ts';
import { allContainers } from './quality-of-service.ts';

/** Why a node refuses a pod that was bound to it: the pod becomes Failed with this. */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

const counted = ['cpu', 'memory', 'ephemeral-storage'];

/** Whether the node takes `pod` beside the pods that it has; undefined when it does. As upstream's canAdmitPod. */
export function rejectionOf(pod: Pod, others: readonly Pod[], node: Node): Rejection | undefined {
  return shortage(pod, others, node) ?? mismatch(pod, node) ?? intolerance(pod, node);
}

function shortage(pod: Pod, others: readonly Pod[], node: Node): Rejection | undefined {
  const allocatable = node.status?.allocatable ?? {};
  const room = Number(allocatable['pods'] ?? '0');
  if (others.length + 1 > room) {
    const message = `Node didn't have enough resource: pods, requested: 1, used: ${others.length}, capacity: ${room}`;
    return { reason: 'OutOfpods', message };
  }
  const wanted = requests(pod);
  const names = [...counted, ...[...wanted.keys()].filter((name) => !counted.includes(name))];
  for (const name of names) {
    const requested = wanted.get(name) ?? 0;
    if (requested === 0 || allocatable[name] === undefined) continue;
    const capacity = units(name, allocatable[name]);
    const used = others.reduce((sum, other) => sum + (requests(other).get(name) ?? 0), 0);
    if (requested <= capacity - used) continue;
    const message = `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`;
    return { reason: `OutOf${name}`, message };
  }
  return undefined;
}

/** Why the node cannot give a pod of its own the resources that it should have now; undefined when it can. */
export function resizeRefusalOf(pod: Pod, others: readonly Pod[], node: Node): ResizeRefusal | undefined {
  const allocatable = node.status?.allocatable ?? {};
  const wanted = requests(pod);
  const shortages = ['cpu', 'memory'].flatMap((name) => {
    const requested = wanted.get(name) ?? 0;
    const capacity = units(name, allocatable[name] ?? '0');
    const used = others.reduce((sum, other) => sum + (requests(other).get(name) ?? 0), 0);
    return requested <= capacity - used ? [] : [{ name, requested, used, capacity }];
  });
  const tooMuch = shortages.find(({ requested, capacity }) => requested > capacity);
  if (tooMuch !== undefined) {
    const { name, requested, capacity } = tooMuch;
    const message = `Node didn't have enough capacity: ${name}, requested: ${requested}, capacity: ${capacity}`;
    return { reason: 'Infeasible', message };
  }
  const [short] = shortages;
  if (short === undefined) return undefined;
  const { name, requested, used, capacity } = short;
  const message = `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`;
  return { reason: 'Deferred', message };
}

function mismatch(pod: Pod, node: Node): Rejection | undefined {
  const labels = node.metadata?.labels ?? {};
  if (Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)) return undefined;
  const message = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
  return { reason: 'NodeAffinity', message };
}

function intolerance(pod: Pod, node: Node): Rejection | undefined {
  const tolerations = pod.spec?.tolerations ?? [];
  const untolerated = (node.spec?.taints ?? []).find(
    (taint) => taint.effect === 'NoExecute' && !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
  if (untolerated === undefined) return undefined;
  const { key, value = '' } = untolerated;
  const message = `Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate: {${key}: ${value}}`;
  return { reason: 'TaintToleration', message };
}

function tolerates(toleration: Toleration, taint: { key: string; value?: string; effect: string }): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  return toleration.operator === 'Exists' || (toleration.value ?? '') === (taint.value ?? '');
}

function requests(pod: Pod): Map<string, number> {
  const total = new Map<string, number>();
  const largest = new Map<string, number>();
  const initial = new Set(pod.spec?.initContainers ?? []);
  for (const container of allContainers(pod)) {
    const passing = initial.has(container) && container.restartPolicy !== 'Always';
    for (const [name, quantity] of Object.entries(container.resources?.requests ?? {})) {
      const amount = units(name, quantity);
      if (passing) largest.set(name, Math.max(largest.get(name) ?? 0, amount));
      else total.set(name, (total.get(name) ?? 0) + amount);
    }
  }
  for (const [name, amount] of largest) total.set(name, Math.max(total.get(name) ?? 0, amount));
  return total;
}

function units(name: string, quantity: string): number {
  const value = quantityToNumber(quantity);
  return Math.ceil((name === 'cpu' ? value * 1000 : value) - 1e-6);
}

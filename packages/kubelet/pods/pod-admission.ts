import { quantityToNumber } from '@keelson/model';
import type { Node, Pod, Toleration } from '@keelson/model/generated/types/core-v1.ts';
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

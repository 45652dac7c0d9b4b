import type { PlacementFailure } from './placement.ts';
import type { Refusal } from './plugins/verdict.ts';

export const noVictims: Refusal = { reasons: ['No preemption victims found for incoming pod'], final: false };
export const notHelpful: Refusal = { reasons: ['Preemption is not helpful for scheduling'], final: true };

/**
 * `0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu.`: each reason with the number of
 * nodes that gave it, sorted as text, as kube-scheduler words it.
 */
export function nodesMessage(nodeCount: number, refusals: Iterable<Refusal>): string {
  const counts = new Map<string, number>();
  for (const { reasons } of refusals) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const head = `0/${nodeCount} nodes are available`;
  if (counts.size === 0) return `${head}:`;
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return `${head}: ${parts.join(', ')}.`;
}

/**
 * The whole text of the condition and the event. `preemption` is what trying to push others out came to; from 1.34 on
 * the plugin for resource claims has its word before it.
 */
export function failureMessage(failure: PlacementFailure, preemption: string, minor: number): string {
  if (failure.nodeCount === 0) return 'no nodes available to schedule pods';
  const message = nodesMessage(failure.nodeCount, failure.refusals.values());
  if (preemption === '') return message;
  const claims = minor >= 34 ? 'no new claims to deallocate, ' : '';
  return `${message} ${claims}preemption: ${preemption}`;
}

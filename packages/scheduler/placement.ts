import { pick, type Random } from '@keelson/base';
import type { ClusterSnapshot } from './cluster-snapshot.ts';
import { type NodeFilter, type Plugin, type Refusal, refusal } from './plugins/verdict.ts';
import type { PodFacts } from './pod-facts.ts';

/** A place for a pod, or why no node has one. */
export type Placement =
  | { readonly node: string; readonly feasible: number }
  | { readonly node: undefined; readonly failure: PlacementFailure };

export interface PlacementFailure {
  readonly nodeCount: number;
  /** By slot of the snapshot. */
  readonly refusals: ReadonlyMap<number, Refusal>;
  /** The rules that refused at least one node: what has to change before another try makes sense. */
  readonly plugins: ReadonlySet<string>;
}

/** Capacity that is kept for pods that pre-empted others and wait for them to leave. */
export interface Nominations {
  /** Pods of at least `priority` that are nominated to the node, without `except`. */
  at(node: string, priority: number, except: string): readonly PodFacts[];
  readonly size: number;
}

const noNominations: Nominations = { at: () => [], size: 0 };

/** As few feasible nodes as upstream is content with: all up to 100, then a share that falls from 50 to 5 percent. */
export function feasibleNodesWanted(nodes: number): number {
  if (nodes <= 100) return nodes;
  const percentage = Math.max(50 - Math.floor(nodes / 125), 5);
  return Math.max(Math.floor((nodes * percentage) / 100), 100);
}

/**
 * Finds nodes for pods by filters and scores. Pure but for one number: where the last search stopped, so that on big
 * clusters every node has its turn.
 */
export class Placer {
  readonly #plugins: readonly Plugin[];
  readonly #random: Random;
  #start = 0;

  constructor(plugins: readonly Plugin[], random: Random) {
    this.#plugins = plugins;
    this.#random = random;
  }

  /** The best node for `pod`, or the reasons of all nodes. Changes nothing in the snapshot. */
  place(pod: PodFacts, snapshot: ClusterSnapshot, nominations: Nominations = noNominations): Placement {
    const { table } = snapshot;
    const filters = this.filtersFor(pod, snapshot);
    const wanted = feasibleNodesWanted(table.nodeCount);
    const feasible: number[] = [];
    const refusals = new Map<number, Refusal>();
    const plugins = new Set<string>();
    const { size } = table;
    const from = size === 0 ? 0 : this.#start % size;
    let visited = 0;
    for (; visited < size && feasible.length < wanted; visited++) {
      const slot = (from + visited) % size;
      if (table.present[slot] === 0) continue;
      const failed = firstRefusal(filters, slot, plugins) ?? besideNominated(pod, snapshot, slot, nominations);
      if (failed === undefined) feasible.push(slot);
      else refusals.set(slot, failed);
    }
    this.#start = size === 0 ? 0 : (from + visited) % size;
    if (feasible.length === 0) {
      // What is kept for nominated pods is a matter of resources; so what frees resources must wake this pod.
      if (nominations.size > 0) plugins.add('NodeResourcesFit');
      return { node: undefined, failure: { nodeCount: table.nodeCount, refusals, plugins } };
    }
    return { node: table.names[this.#best(pod, snapshot, feasible)]!, feasible: feasible.length };
  }

  /** The filters that have something to say about `pod`, with their plugins' names, in order. */
  filtersFor(pod: PodFacts, snapshot: ClusterSnapshot): readonly (readonly [string, NodeFilter])[] {
    const filters: (readonly [string, NodeFilter])[] = [];
    for (const plugin of this.#plugins) {
      const filter = plugin.filter?.(pod, snapshot);
      if (filter !== undefined) filters.push([plugin.name, filter]);
    }
    return filters;
  }

  /** True when the node of `slot` would take `pod` as things are. */
  fits(pod: PodFacts, snapshot: ClusterSnapshot, slot: number): boolean {
    return this.filtersFor(pod, snapshot).every(([, filter]) => filter(slot) === undefined);
  }

  #best(pod: PodFacts, snapshot: ClusterSnapshot, slots: readonly number[]): number {
    if (slots.length === 1) return slots[0]!;
    const totals = this.#scores(pod, snapshot, slots);
    const most = totals.reduce((one, other) => Math.max(one, other), 0);
    const best = slots.filter((_, index) => totals[index] === most);
    return pick(this.#random, best);
  }

  #scores(pod: PodFacts, snapshot: ClusterSnapshot, slots: readonly number[]): Float64Array {
    const totals = new Float64Array(slots.length);
    const scores = new Float64Array(slots.length);
    for (const plugin of this.#plugins) {
      const score = plugin.score?.(pod, snapshot, slots);
      if (score === undefined) continue;
      for (let index = 0; index < slots.length; index++) scores[index] = score(slots[index]!);
      plugin.normalise?.(scores, pod);
      const weight = plugin.weight ?? 1;
      for (let index = 0; index < slots.length; index++) totals[index] = totals[index]! + weight * scores[index]!;
    }
    return totals;
  }
}

function firstRefusal(
  filters: readonly (readonly [string, NodeFilter])[],
  slot: number,
  plugins: Set<string>,
): Refusal | undefined {
  for (const [name, filter] of filters) {
    const refused = filter(slot);
    if (refused === undefined) continue;
    plugins.add(name);
    return refused;
  }
  return undefined;
}

/** Whether the pod would take what was made free for a pod of at least its priority. */
function besideNominated(
  pod: PodFacts,
  { table }: ClusterSnapshot,
  slot: number,
  nominations: Nominations,
): Refusal | undefined {
  if (nominations.size === 0) return undefined;
  const others = nominations.at(table.names[slot]!, pod.priority, pod.key);
  if (others.length === 0) return undefined;
  if (table.podCount[slot]! + others.length + 1 > table.podLimit[slot]!) return refusal('Too many pods', false);
  const short: string[] = [];
  for (const [name, amount] of pod.request) {
    if (amount === 0) continue;
    const { allocatable, used } = table.column(name);
    const kept = others.reduce((sum, other) => sum + (other.request.get(name) ?? 0), 0);
    if (amount > allocatable[slot]! - used[slot]! - kept) short.push(`Insufficient ${name}`);
  }
  return short.length === 0 ? undefined : { reasons: short, final: false };
}

import type { ClusterSnapshot } from './cluster-snapshot.ts';
import { nodesMessage, notHelpful, noVictims } from './failure-message.ts';
import type { LabelTest } from './label-requirements.ts';
import type { PlacementFailure, Placer } from './placement.ts';
import type { Refusal } from './plugins/verdict.ts';
import type { PodFacts } from './pod-facts.ts';

/** A PodDisruptionBudget as preemption weighs it. */
export interface DisruptionBudget {
  readonly namespace: string;
  readonly matches: LabelTest;
  readonly disruptionsAllowed: number;
  /** Pods whose eviction is counted already. */
  readonly disruptedPods: ReadonlySet<string>;
}

export interface Preemption {
  readonly node: string;
  /** Who has to leave, the most important first. */
  readonly victims: readonly PodFacts[];
  readonly violations: number;
}

/** A plan, or the text that follows `preemption: ` in the pod's condition. */
export type PreemptionOutcome = { readonly plan: Preemption } | { readonly plan: undefined; readonly message: string };

/** So many nodes are looked at: a tenth of all, and at least this many. */
const leastCandidates = 100;

/**
 * Looks for a node on which `pod` would fit if pods of lower priority left, and for the fewest and least important of
 * them. `nominatedNode` is where it pre-empted before. The snapshot is changed while this runs and is as it was
 * afterwards.
 */
export function planPreemption(
  pod: PodFacts,
  nominatedNode: string,
  failure: PlacementFailure,
  snapshot: ClusterSnapshot,
  placer: Placer,
  budgets: readonly DisruptionBudget[],
): PreemptionOutcome {
  if (!pod.mayPreempt) return { plan: undefined, message: 'not eligible due to preemptionPolicy=Never.' };
  if (waitsForVictims(pod, nominatedNode, snapshot))
    return { plan: undefined, message: 'not eligible due to a terminating pod on the nominated node.' };
  const limit = Math.max(Math.floor(failure.nodeCount / 10), leastCandidates);
  const verdicts: Refusal[] = [];
  const candidates: Preemption[] = [];
  for (const [slot, refused] of failure.refusals) {
    if (refused.final) {
      verdicts.push(notHelpful);
      continue;
    }
    const candidate = candidates.length < limit ? victimsOn(slot, pod, snapshot, placer, budgets) : undefined;
    if (candidate === undefined) verdicts.push(noVictims);
    else candidates.push(candidate);
  }
  const plan = gentlest(candidates);
  return plan ? { plan } : { plan: undefined, message: nodesMessage(failure.nodeCount, verdicts) };
}

function waitsForVictims(pod: PodFacts, nominatedNode: string, snapshot: ClusterSnapshot): boolean {
  const slot = nominatedNode === '' ? undefined : snapshot.table.slotOf(nominatedNode);
  if (slot === undefined) return false;
  for (const other of snapshot.podsAt(slot)) if (other.terminating && other.priority < pod.priority) return true;
  return false;
}

function victimsOn(
  slot: number,
  pod: PodFacts,
  snapshot: ClusterSnapshot,
  placer: Placer,
  budgets: readonly DisruptionBudget[],
): Preemption | undefined {
  const lower = [...snapshot.podsAt(slot)].filter((other) => other.priority < pod.priority).sort(byImportance);
  if (lower.length === 0) return undefined;
  const node = snapshot.table.names[slot]!;
  for (const other of lower) snapshot.removePod(other.key);
  const victims: PodFacts[] = [];
  let violations = 0;
  const fits = placer.fits(pod, snapshot, slot);
  if (fits) {
    const { violating, sparing } = splitByBudgets(lower, budgets);
    const staysFor = (other: PodFacts): boolean => {
      snapshot.setPod(other);
      if (placer.fits(pod, snapshot, slot)) return true;
      snapshot.removePod(other.key);
      victims.push(other);
      return false;
    };
    for (const other of violating) if (!staysFor(other)) violations++;
    for (const other of sparing) staysFor(other);
  }
  for (const other of lower) snapshot.setPod(other);
  return fits && victims.length > 0 ? { node, victims: victims.sort(byImportance), violations } : undefined;
}

/** Higher priority first; of equal ones, the one that has run longer. */
function byImportance(one: PodFacts, other: PodFacts): number {
  return other.priority - one.priority || one.started - other.started || (one.key < other.key ? -1 : 1);
}

function splitByBudgets(
  pods: readonly PodFacts[],
  budgets: readonly DisruptionBudget[],
): { violating: PodFacts[]; sparing: PodFacts[] } {
  const left = budgets.map(({ disruptionsAllowed }) => disruptionsAllowed);
  const violating: PodFacts[] = [];
  const sparing: PodFacts[] = [];
  for (const pod of pods) {
    let violates = false;
    budgets.forEach((budget, index) => {
      if (budget.namespace !== pod.namespace || Object.keys(pod.labels).length === 0) return;
      if (!budget.matches(pod.labels) || budget.disruptedPods.has(pod.name)) return;
      left[index]!--;
      if (left[index]! < 0) violates = true;
    });
    (violates ? violating : sparing).push(pod);
  }
  return { violating, sparing };
}

/** The candidate that does the least harm: each measure decides only among those that are equal by the ones before. */
function gentlest(candidates: readonly Preemption[]): Preemption | undefined {
  const measures: ((candidate: Preemption) => number)[] = [
    ({ violations }) => violations,
    ({ victims }) => victims[0]!.priority,
    ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
    ({ victims }) => victims.length,
    ({ victims }) => {
      const highest = victims.filter(({ priority }) => priority === victims[0]!.priority);
      return -Math.min(...highest.map(({ started }) => started));
    },
  ];
  let left = candidates;
  for (const measure of measures) {
    if (left.length < 2) break;
    const least = Math.min(...left.map(measure));
    left = left.filter((candidate) => measure(candidate) === least);
  }
  return left[0];
}

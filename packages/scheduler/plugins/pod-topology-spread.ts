import type { ClusterSnapshot } from '../cluster-snapshot.ts';
import type { LabelTest } from '../label-requirements.ts';
import type { PodFacts, SpreadConstraint } from '../pod-facts.ts';
import { untoleratedTaint } from './node-fitness.ts';
import { fullScore, type NodeFilter, type NodeScore, type Plugin, refusal } from './verdict.ts';

export const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';

const uneven = refusal("node(s) didn't match pod topology spread constraints", false);
const unlabelled = refusal("node(s) didn't match pod topology spread constraints (missing required label)", true);

/** A node that lacks a topology key takes no part in the comparison. */
const ignored = -1;

/**
 * Keeps the pods that a constraint selects even over topology domains: a hard constraint refuses nodes, a soft one
 * scores them. A pod without constraints of its own is spread softly over hosts and zones among the pods that
 * `siblings` selects (those of its Services and its controller), as the cluster's default has it.
 */
export function podTopologySpread(siblings: (pod: PodFacts) => LabelTest | undefined): Plugin {
  return {
    name: 'PodTopologySpread',
    weight: 2,
    filter: hardFilter,
    score(pod, snapshot, slots) {
      if (!pod.defaultSpread)
        return pod.softSpread.length === 0 ? undefined : softScore(pod, snapshot, slots, pod.softSpread, true);
      const matches = siblings(pod);
      if (matches === undefined) return undefined;
      return softScore(pod, snapshot, slots, defaultConstraints(matches), false);
    },
    normalise,
  };
}

function defaultConstraints(matches: LabelTest): SpreadConstraint[] {
  const base = { minDomains: 1, matches, honorAffinity: true, honorTaints: false };
  return [
    { ...base, topologyKey: hostname, maxSkew: 3 },
    { ...base, topologyKey: zone, maxSkew: 5 },
  ];
}

function hardFilter(pod: PodFacts, snapshot: ClusterSnapshot): NodeFilter | undefined {
  const constraints = pod.hardSpread;
  if (constraints.length === 0) return undefined;
  const domains = constraints.map((constraint) => {
    const { ids } = snapshot.table.labelColumn(constraint.topologyKey);
    const eligible = eligibleSlots(pod, snapshot, constraint, constraints);
    const counts = countByDomain(pod, snapshot, constraint, eligible);
    const least = fewestInDomain(counts, ids, eligible, constraint.minDomains);
    return { maxSkew: constraint.maxSkew, ids, counts, least, self: constraint.matches(pod.labels) ? 1 : 0 };
  });
  return (slot) => {
    for (const { maxSkew, ids, counts, least, self } of domains) {
      const id = ids[slot]!;
      if (id === 0) return unlabelled;
      if (counts[id]! + self - least > maxSkew) return uneven;
    }
    return undefined;
  };
}

/** Which nodes' pods count for `constraint`: 1 where they do. */
function eligibleSlots(
  pod: PodFacts,
  { table }: ClusterSnapshot,
  constraint: SpreadConstraint,
  labelledFor: readonly SpreadConstraint[],
): Uint8Array {
  const eligible = table.present.slice(0, table.size);
  const exclude = (isOut: (slot: number) => boolean) => {
    for (let slot = 0; slot < eligible.length; slot++) if (eligible[slot] === 1 && isOut(slot)) eligible[slot] = 0;
  };
  for (const { topologyKey } of labelledFor) {
    const { ids } = table.labelColumn(topologyKey);
    exclude((slot) => ids[slot] === 0);
  }
  if (constraint.honorAffinity && pod.nodeTests.length > 0)
    exclude((slot) => {
      const node = { name: table.names[slot]!, labels: table.labels[slot]! };
      return !pod.nodeTests.every((test) => test(node));
    });
  if (constraint.honorTaints) {
    const kept = table.taintGroups.map((taints) => untoleratedTaint(taints, pod) !== undefined);
    exclude((slot) => kept[table.taintGroup[slot]!]!);
  }
  return eligible;
}

/** How many selected pods stand in each domain, by the number that the label column gives it. */
function countByDomain(
  pod: PodFacts,
  snapshot: ClusterSnapshot,
  constraint: SpreadConstraint,
  eligible: Uint8Array,
): Float64Array {
  const { ids, idOf } = snapshot.table.labelColumn(constraint.topologyKey);
  const counts = new Float64Array(idOf.size + 1);
  for (const bySlot of matchingClasses(pod, snapshot, constraint))
    for (const [slot, count] of bySlot) if (eligible[slot] === 1) counts[ids[slot]!]! += count;
  return counts;
}

/** The fewest pods in a domain that has an eligible node; 0 when there are fewer domains than the constraint wants. */
function fewestInDomain(counts: Float64Array, ids: Uint32Array, eligible: Uint8Array, minDomains: number): number {
  const seen = new Uint8Array(counts.length);
  let domains = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let slot = 0; slot < eligible.length; slot++) {
    const id = ids[slot]!;
    if (eligible[slot] === 0 || id === 0 || seen[id] === 1) continue;
    seen[id] = 1;
    domains++;
    least = Math.min(least, counts[id]!);
  }
  return domains < minDomains ? 0 : least;
}

function* matchingClasses(
  pod: PodFacts,
  snapshot: ClusterSnapshot,
  constraint: SpreadConstraint,
): Iterable<ReadonlyMap<number, number>> {
  for (const one of snapshot.classes(pod.namespace))
    if (!one.terminating && constraint.matches(one.labels)) yield one.bySlot;
}

function softScore(
  pod: PodFacts,
  snapshot: ClusterSnapshot,
  slots: readonly number[],
  constraints: readonly SpreadConstraint[],
  requireAllKeys: boolean,
): NodeScore | undefined {
  const columns = constraints.map(({ topologyKey }) => snapshot.table.labelColumn(topologyKey).ids);
  const lacksKey = (slot: number) => requireAllKeys && columns.some((ids) => ids[slot] === 0);
  const taking = slots.filter((slot) => !lacksKey(slot));
  if (taking.length === 0) return undefined;
  const parts = constraints.map((constraint, index) => {
    const ids = columns[index]!;
    if (constraint.topologyKey === hostname)
      return {
        constraint,
        ids,
        classes: [...matchingClasses(pod, snapshot, constraint)],
        weight: Math.log(taking.length + 2),
      };
    const eligible = eligibleSlots(pod, snapshot, constraint, requireAllKeys ? constraints : []);
    const counts = countByDomain(pod, snapshot, constraint, eligible);
    const values = new Set(taking.map((slot) => ids[slot]));
    return { constraint, ids, counts, weight: Math.log(values.size + 2) };
  });
  return (slot) => {
    if (lacksKey(slot)) return ignored;
    let score = 0;
    for (const { constraint, ids, counts, classes, weight } of parts) {
      if (ids[slot] === 0) continue;
      let pods = counts === undefined ? 0 : counts[ids[slot]!]!;
      for (const bySlot of classes ?? []) pods += bySlot.get(slot) ?? 0;
      score += pods * weight + (constraint.maxSkew - 1);
    }
    return Math.round(score);
  };
}

/** The fewest pods get the full score, and a node that is ignored nothing. */
function normalise(scores: Float64Array): void {
  let most = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const score of scores) {
    if (score === ignored) continue;
    most = Math.max(most, score);
    least = Math.min(least, score);
  }
  for (let index = 0; index < scores.length; index++) {
    const score = scores[index]!;
    if (score === ignored) scores[index] = 0;
    else scores[index] = most === 0 ? fullScore : Math.floor((fullScore * (most + least - score)) / most);
  }
}

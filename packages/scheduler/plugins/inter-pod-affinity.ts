import type { ClusterSnapshot } from '../cluster-snapshot.ts';
import type { Labels } from '../label-requirements.ts';
import type { AffinityTerm, PodFacts } from '../pod-facts.ts';
import { fullScore, type NodeFilter, type NodeScore, type Plugin, refusal } from './verdict.ts';

const affinityBroken = refusal("node(s) didn't match pod affinity rules", true);
const antiAffinityBroken = refusal("node(s) didn't match pod anti-affinity rules", false);
const othersBroken = refusal("node(s) didn't satisfy existing pods anti-affinity rules", false);

/** What a required affinity term of a pod that stands already is worth to a pod that it selects. */
const hardAffinityWeight = 1;

/** How many pods, by topology key and value. */
type DomainCounts = Map<string, Map<string, number>>;

export const interPodAffinity: Plugin = { name: 'InterPodAffinity', weight: 2, filter, score, normalise };

function selects(term: AffinityTerm, namespace: string, labels: Labels, snapshot: ClusterSnapshot): boolean {
  if (!term.namespaces.has(namespace) && !term.namespaceTest?.(snapshot.namespaceLabels(namespace))) return false;
  return term.matches(labels);
}

function add(counts: DomainCounts, topologyKey: string, value: string | undefined, amount: number): void {
  if (value === undefined) return;
  let values = counts.get(topologyKey);
  if (values === undefined) counts.set(topologyKey, (values = new Map()));
  values.set(value, (values.get(value) ?? 0) + amount);
}

function countAt(counts: DomainCounts, topologyKey: string, labels: Labels): number {
  const value = labels[topologyKey];
  return value === undefined ? 0 : (counts.get(topologyKey)?.get(value) ?? 0);
}

/** Domains in which a pod stands whose own anti-affinity selects `pod`. */
function forbiddenByOthers(pod: PodFacts, snapshot: ClusterSnapshot): DomainCounts {
  const counts: DomainCounts = new Map();
  for (const other of snapshot.podsWithAntiAffinity) {
    const slot = snapshot.slotOf(other);
    if (snapshot.table.present[slot] === 0) continue;
    for (const term of other.antiAffinity)
      if (selects(term, pod.namespace, pod.labels, snapshot))
        add(counts, term.topologyKey, snapshot.table.labels[slot]![term.topologyKey], 1);
  }
  return counts;
}

/** Pods that satisfy `terms`, by domain; with `together` a pod counts only when all the terms select it. */
function selectedBy(terms: readonly AffinityTerm[], snapshot: ClusterSnapshot, together: boolean): DomainCounts {
  const counts: DomainCounts = new Map();
  if (terms.length === 0) return counts;
  for (const one of snapshot.classes()) {
    const hits = terms.filter((term) => selects(term, one.namespace, one.labels, snapshot));
    if (hits.length === 0 || (together && hits.length < terms.length)) continue;
    for (const [slot, count] of one.bySlot) {
      if (snapshot.table.present[slot] === 0) continue;
      for (const { topologyKey } of hits) add(counts, topologyKey, snapshot.table.labels[slot]![topologyKey], count);
    }
  }
  return counts;
}

function filter(pod: PodFacts, snapshot: ClusterSnapshot): NodeFilter | undefined {
  const forbidden = forbiddenByOthers(pod, snapshot);
  if (pod.affinity.length + pod.antiAffinity.length + forbidden.size === 0) return undefined;
  const affine = selectedBy(pod.affinity, snapshot, true);
  const averse = selectedBy(pod.antiAffinity, snapshot, false);
  // The first pod of a group that wants to stand together has nobody to join: it may start anywhere.
  const first = affine.size === 0 && pod.affinity.every((term) => selects(term, pod.namespace, pod.labels, snapshot));
  return (slot) => {
    const labels = snapshot.table.labels[slot]!;
    for (const { topologyKey } of pod.affinity) {
      if (labels[topologyKey] === undefined) return affinityBroken;
      if (!first && countAt(affine, topologyKey, labels) === 0) return affinityBroken;
    }
    for (const { topologyKey } of pod.antiAffinity)
      if (countAt(averse, topologyKey, labels) > 0) return antiAffinityBroken;
    for (const topologyKey of forbidden.keys()) if (countAt(forbidden, topologyKey, labels) > 0) return othersBroken;
    return undefined;
  };
}

function score(pod: PodFacts, snapshot: ClusterSnapshot): NodeScore | undefined {
  const sums: DomainCounts = new Map();
  const own = [
    ...pod.preferredAffinity.map((term) => ({ term, weight: term.weight })),
    ...pod.preferredAntiAffinity.map((term) => ({ term, weight: -term.weight })),
  ];
  if (own.length > 0)
    for (const one of snapshot.classes())
      for (const { term, weight } of own)
        if (selects(term, one.namespace, one.labels, snapshot))
          for (const [slot, count] of one.bySlot)
            if (snapshot.table.present[slot] === 1)
              add(sums, term.topologyKey, snapshot.table.labels[slot]![term.topologyKey], weight * count);
  for (const other of snapshot.podsWithAffinity) addWishesOf(other, pod, snapshot, sums);
  if (sums.size === 0) return undefined;
  return (slot) => {
    let total = 0;
    for (const topologyKey of sums.keys()) total += countAt(sums, topologyKey, snapshot.table.labels[slot]!);
    return total;
  };
}

function addWishesOf(other: PodFacts, pod: PodFacts, snapshot: ClusterSnapshot, sums: DomainCounts): void {
  const slot = snapshot.slotOf(other);
  if (snapshot.table.present[slot] === 0) return;
  const wish = (terms: readonly AffinityTerm[], weightOf: (term: AffinityTerm) => number) => {
    for (const term of terms)
      if (selects(term, pod.namespace, pod.labels, snapshot))
        add(sums, term.topologyKey, snapshot.table.labels[slot]![term.topologyKey], weightOf(term));
  };
  wish(other.affinity, () => hardAffinityWeight);
  wish(other.preferredAffinity, (term) => term.weight);
  wish(other.preferredAntiAffinity, (term) => -term.weight);
}

/** From the least to the most liked node: 0 to the full score. */
function normalise(scores: Float64Array): void {
  const most = scores.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY);
  const least = scores.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
  for (let index = 0; index < scores.length; index++)
    scores[index] = most === least ? 0 : Math.floor((fullScore * (scores[index]! - least)) / (most - least));
}

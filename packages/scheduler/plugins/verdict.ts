import type { ClusterSnapshot } from '../cluster-snapshot.ts';
import type { PodFacts } from '../pod-facts.ts';

/** Why a node cannot take a pod. */
export interface Refusal {
  /** As `kubectl describe` shows it after the number of nodes: `Insufficient cpu`. */
  readonly reasons: readonly string[];
  /** True when no pod's leaving could change that. */
  readonly final: boolean;
}

/** Asks one node: undefined when it can take the pod. */
export type NodeFilter = (slot: number) => Refusal | undefined;

/** Scores a node; what is returned for all nodes is put on 0 to 100 by the plugin's own `normalise`. */
export type NodeScore = (slot: number) => number;

/**
 * One rule of placement. `filter` and `score` do what can be done once for a pod and return what is asked for each node;
 * undefined when the rule has nothing to say about this pod. Neither changes anything.
 */
export interface Plugin {
  /** Upstream's name of it. */
  readonly name: string;
  filter?(pod: PodFacts, snapshot: ClusterSnapshot): NodeFilter | undefined;
  /** `slots` are the nodes that passed all filters. */
  score?(pod: PodFacts, snapshot: ClusterSnapshot, slots: readonly number[]): NodeScore | undefined;
  /** Puts the scores of `slots`, changed in place, on the scale of 0 to 100. Absent: they are on it already. */
  normalise?(scores: Float64Array, pod: PodFacts): void;
  readonly weight?: number;
}

/** The best score a plugin gives. */
export const fullScore = 100;

/** Scales by the highest score; with `reverse` the highest becomes 0. All equal 0: 0, or full when reversed. */
export function scaleToFull(scores: Float64Array, reverse: boolean): void {
  const most = scores.reduce((best, score) => Math.max(best, score), 0);
  for (let index = 0; index < scores.length; index++) {
    const scaled = most === 0 ? 0 : Math.floor((scores[index]! * fullScore) / most);
    scores[index] = reverse ? fullScore - scaled : scaled;
  }
}

/** A refusal that is the same for every node, made once. */
export function refusal(reason: string, final: boolean): Refusal {
  return { reasons: [reason], final };
}

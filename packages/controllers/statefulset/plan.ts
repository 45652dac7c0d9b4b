import { intOrPercent, isPodAvailable, isPodReady } from '@keelson/controller-kit';
import type { StatefulSet } from '@keelson/model/generated/types/apps-v1.ts';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { isInRange, ordinalOf, replicasOf, revisionLabel, startOrdinal } from './pods.ts';

/** How many pods one pass makes or deletes at most. */
const burst = 500;

/** What a plan is made from. */
export interface StatefulView {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  /** The name of the revision that pods shall have. */
  readonly updateRevision: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What has to happen to the pods of a StatefulSet. */
export interface StatefulPlan {
  /** Ordinals that get a pod. */
  readonly create: readonly number[];
  readonly remove: readonly Pod[];
  /** Pods that stay, with their ordinals: their labels and claims are to be looked at. */
  readonly keep: readonly (readonly [number, Pod])[];
  /** Pods beyond the range that are on their way out; their claims are to be looked at. */
  readonly condemned: readonly (readonly [number, Pod])[];
}

const isGoing = (pod: Pod) => pod.metadata?.deletionTimestamp !== undefined;
const isOver = (pod: Pod) => pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
const isRunningReady = (pod: Pod) => pod.status?.phase === 'Running' && isPodReady(pod);
const isHealthy = (pod: Pod) => isRunningReady(pod) && !isGoing(pod);

function isAvailable({ set, now }: StatefulView, pod: Pod): boolean {
  return isRunningReady(pod) && isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, now);
}

interface Partition {
  readonly replicas: ReadonlyMap<number, Pod>;
  /** With the highest ordinal first. */
  readonly condemned: readonly (readonly [number, Pod])[];
}

/** The pods of the set's range by ordinal, and those beyond it. Pods with other names are left alone. */
function partition({ set, pods }: StatefulView): Partition {
  const replicas = new Map<number, Pod>();
  const condemned: [number, Pod][] = [];
  for (const pod of pods) {
    const ordinal = ordinalOf(set, pod);
    if (ordinal === undefined) continue;
    if (isInRange(set, ordinal)) replicas.set(ordinal, pod);
    else condemned.push([ordinal, pod]);
  }
  return { replicas, condemned: condemned.toSorted(([left], [right]) => right - left) };
}

/** The ordinals of the range from the first on: as many as there are pods, and a burst more. */
function* ordinals({ set }: StatefulView, { replicas }: Partition): Iterable<number> {
  const start = startOrdinal(set);
  const count = Math.min(replicasOf(set), replicas.size + burst);
  for (let ordinal = start; ordinal < start + count; ordinal++) yield ordinal;
  // With that many missing, what is beyond them still counts.
  for (const ordinal of [...replicas.keys()].toSorted((left, right) => left - right))
    if (ordinal >= start + count) yield ordinal;
}

/**
 * The next steps. In order: pods are made, and made anew, from the lowest ordinal on, each once all before it are
 * available; then those beyond the range go, the highest first; then those of an old revision. In parallel nobody waits.
 */
export function planStatefulSet(view: StatefulView): StatefulPlan {
  const parts = partition(view);
  const ordered = view.set.spec?.podManagementPolicy !== 'Parallel';
  const { create, remove, keep, blocked } = planReplicas(view, parts, ordered);
  const plan = { create, keep, condemned: parts.condemned };
  if (ordered && blocked) return { ...plan, remove, condemned: [] };
  const surplus = ordered ? nextCondemned(view, parts) : parts.condemned.map(([, pod]) => pod).filter(unlessGoing);
  if (ordered && parts.condemned.length > 0) return { ...plan, remove: surplus };
  const outdated = view.set.spec?.updateStrategy?.type === 'OnDelete' ? [] : planUpdate(view, parts);
  const all = new Set([...remove, ...surplus, ...outdated]);
  return { ...plan, remove: [...all].slice(0, burst) };
}

const unlessGoing = (pod: Pod) => !isGoing(pod);

function planReplicas(view: StatefulView, parts: Partition, ordered: boolean) {
  const create: number[] = [];
  const remove: Pod[] = [];
  const keep: [number, Pod][] = [];
  let blocked = false;
  for (const ordinal of ordinals(view, parts)) {
    const pod = parts.replicas.get(ordinal);
    if (pod === undefined) {
      if (create.length < burst) create.push(ordinal);
    } else if (isOver(pod)) {
      // However it ended: a pod of the set runs for ever.
      if (!isGoing(pod)) remove.push(pod);
    } else {
      keep.push([ordinal, pod]);
      if (!isGoing(pod) && isAvailable(view, pod)) continue;
    }
    blocked = true;
    if (ordered) break;
  }
  return { create, remove, keep, blocked };
}

/** The pod with the highest ordinal, unless it is going already or one that is worse off must go first. */
function nextCondemned(view: StatefulView, { condemned }: Partition): Pod[] {
  const [highest] = condemned;
  if (highest === undefined || isGoing(highest[1])) return [];
  const pod = highest[1];
  const firstUnhealthy = condemned.findLast(([, one]) => !isHealthy(one))?.[1];
  return isAvailable(view, pod) || pod === firstUnhealthy ? [pod] : [];
}

/** The pods of an old revision that may go now: from the highest ordinal down to the partition. */
function planUpdate(view: StatefulView, { replicas }: Partition): Pod[] {
  const { set, updateRevision } = view;
  const { partition: from = 0, maxUnavailable } = set.spec?.updateStrategy?.rollingUpdate ?? {};
  const count = replicasOf(set);
  const allowed = Math.max(intOrPercent(maxUnavailable ?? 1, count, 'down'), 1);
  const isOld = (pod: Pod) => pod.metadata?.labels?.[revisionLabel] !== updateRevision;
  const targets = [...replicas]
    .filter(([ordinal]) => ordinal - startOrdinal(set) >= from)
    .toSorted(([left], [right]) => right - left);
  if (allowed === 1) return replaceOne(targets, startOrdinal(set) + count - 1, isOld);
  const available = [...replicas.values()].filter((pod) => isHealthy(pod) && isAvailable(view, pod));
  let budget = allowed - (count - available.length);
  const removed: Pod[] = [];
  for (const [, pod] of targets) {
    if (!isOld(pod) || isGoing(pod)) continue;
    // What is not available anyhow costs nothing.
    if (!available.includes(pod)) removed.push(pod);
    else if (budget-- > 0) removed.push(pod);
  }
  return removed;
}

/** One at a time: the next only when all above it are there and healthy. */
function replaceOne(
  targets: readonly (readonly [number, Pod])[],
  highest: number,
  isOld: (pod: Pod) => boolean,
): Pod[] {
  for (const [position, [ordinal, pod]] of targets.entries()) {
    if (ordinal !== highest - position) return [];
    if (isOld(pod) && !isGoing(pod)) return [pod];
    if (!isHealthy(pod)) return [];
  }
  return [];
}

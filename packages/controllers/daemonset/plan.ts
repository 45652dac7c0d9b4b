import { intOrPercent, isPodActive, isPodAvailable } from '@keelson/controller-kit';
import type { DaemonSet } from '@keelson/model/generated/types/apps-v1.ts';
import type { Node, Pod } from '@keelson/model/generated/types/core-v1.ts';
import { placementOn } from './placement.ts';

export const hashLabel = 'controller-revision-hash';

/** What has to happen to the pods of a DaemonSet. */
export interface DaemonPlan {
  /** Nodes that get a pod. */
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  /** Among `remove`: pods that ended by themselves, which people are told of. */
  readonly ended: readonly Pod[];
}

/** What a plan is made from. */
export interface DaemonView {
  readonly daemonSet: DaemonSet;
  readonly nodes: readonly Node[];
  /** The DaemonSet's pods by the node that they are on or meant for. */
  readonly pods: ReadonlyMap<string, readonly Pod[]>;
  /** The hash of the present template. */
  readonly hash: string;
  readonly now: number;
}

function minReady(daemonSet: DaemonSet): number {
  return daemonSet.spec?.minReadySeconds ?? 0;
}

export function isUpdated(pod: Pod, hash: string): boolean {
  return pod.metadata?.labels?.[hashLabel] === hash;
}

/** One pod on each node that should have one, none elsewhere; what has ended is replaced. */
export function planPlacement(view: DaemonView): DaemonPlan {
  const create: string[] = [];
  const remove: Pod[] = [];
  const ended: Pod[] = [];
  const known = new Set<string>();
  const surge = bounds(view).surge > 0;
  for (const node of view.nodes) {
    const name = node.metadata!.name!;
    known.add(name);
    const { run, stay } = placementOn(node, view.daemonSet.spec!.template.spec!);
    const pods = view.pods.get(name) ?? [];
    if (!stay) {
      remove.push(...pods.filter(isPresent));
      continue;
    }
    const over = pods.filter((pod) => isPresent(pod) && ['Failed', 'Succeeded'].includes(pod.status?.phase ?? ''));
    ended.push(...over);
    remove.push(...over);
    const running = pods.filter(isPodActive).toSorted(byAge);
    // Pods that are still on their way out keep their node: two of them at once is what a surge is for.
    if (run && pods.length === 0) create.push(name);
    remove.push(...surplus(running, view, surge));
  }
  for (const [name, pods] of view.pods)
    if (!known.has(name)) remove.push(...pods.filter((pod) => isPresent(pod) && !pod.spec?.nodeName));
  return { create, remove, ended };
}

/** Of several pods on one node the oldest stays; while a surge is on, the oldest of each template. */
function surplus(running: readonly Pod[], view: DaemonView, surge: boolean): Pod[] {
  if (running.length <= 1) return [];
  if (!surge) return running.slice(1);
  const updated = running.filter((pod) => isUpdated(pod, view.hash));
  const old = running.filter((pod) => !isUpdated(pod, view.hash));
  const done = updated[0] !== undefined && isPodAvailable(updated[0], minReady(view.daemonSet), view.now);
  return [...updated.slice(1), ...(done ? old : old.slice(1))];
}

/** The next steps of a rolling update: old pods that may go, and nodes that may have a second pod for a while. */
export function planUpdate(view: DaemonView): DaemonPlan {
  const { surge, unavailable } = bounds(view);
  return surge > 0 ? planSurge(view, surge) : planReplacement(view, unavailable);
}

function planReplacement(view: DaemonView, maxUnavailable: number): DaemonPlan {
  const required: Pod[] = [];
  const candidates: Pod[] = [];
  let unavailable = 0;
  for (const { updated, old, wanted } of nodesOf(view)) {
    if (!wanted) continue;
    if (old === undefined) {
      if (updated === undefined || !isPodAvailable(updated, minReady(view.daemonSet), view.now)) unavailable++;
      continue;
    }
    if (updated !== undefined) continue;
    if (old.metadata?.deletionTimestamp !== undefined) unavailable++;
    else if (isPodAvailable(old, minReady(view.daemonSet), view.now)) candidates.push(old);
    else {
      unavailable++;
      required.push(old);
    }
  }
  const free = Math.max(maxUnavailable - unavailable, 0);
  return { create: [], remove: [...required, ...candidates.slice(0, free)], ended: [] };
}

function planSurge(view: DaemonView, maxSurge: number): DaemonPlan {
  const create: string[] = [];
  const candidates: string[] = [];
  const remove: Pod[] = [];
  let surging = 0;
  for (const { name, updated, old, wanted } of nodesOf(view)) {
    if (!wanted || old === undefined) continue;
    if (updated === undefined) {
      if (old.metadata?.deletionTimestamp !== undefined) continue;
      if (isPodAvailable(old, minReady(view.daemonSet), view.now)) candidates.push(name);
      else create.push(name);
    } else if (isPodAvailable(updated, minReady(view.daemonSet), view.now)) {
      if (old.metadata?.deletionTimestamp === undefined) remove.push(old);
    } else surging++;
  }
  const free = Math.max(maxSurge - surging, 0);
  return { create: [...create, ...candidates.slice(0, free)], remove, ended: [] };
}

/** For each node its newest pod of the present template and its oldest of another; pods that have ended do not count. */
function nodesOf(view: DaemonView) {
  return view.nodes.map((node) => {
    const name = node.metadata!.name!;
    const pods = (view.pods.get(name) ?? []).filter(
      (pod) =>
        isPodActive(pod) || (isPodGoing(pod) && pod.status?.phase !== 'Failed' && pod.status?.phase !== 'Succeeded'),
    );
    const updated = pods.find((pod) => isUpdated(pod, view.hash) && !isPodGoing(pod));
    const old = pods.find((pod) => !isUpdated(pod, view.hash));
    const wanted = placementOn(node, view.daemonSet.spec!.template.spec!).run;
    return { name, updated, old, wanted };
  });
}

function isPodGoing(pod: Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined;
}

function isPresent(pod: Pod): boolean {
  return !isPodGoing(pod);
}

/** maxSurge and maxUnavailable as numbers of the nodes that should run the daemon, both rounded up. */
function bounds(view: DaemonView): { readonly surge: number; readonly unavailable: number } {
  const { type, rollingUpdate } = view.daemonSet.spec?.updateStrategy ?? {};
  if (type !== 'RollingUpdate') return { surge: 0, unavailable: 0 };
  const wanted = view.nodes.filter((node) => placementOn(node, view.daemonSet.spec!.template.spec!).run).length;
  const surge = intOrPercent(rollingUpdate?.maxSurge, wanted, 'up');
  const unavailable = intOrPercent(rollingUpdate?.maxUnavailable ?? 1, wanted, 'up');
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

export function byAge(left: Pod, right: Pod): number {
  const a = left.metadata?.creationTimestamp ?? '';
  const b = right.metadata?.creationTimestamp ?? '';
  return a !== b ? (a < b ? -1 : 1) : left.metadata!.name! < right.metadata!.name! ? -1 : 1;
}

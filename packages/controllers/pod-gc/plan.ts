import { isPodFinished } from '@keelson/controller-kit';
import type { Node, Pod } from '@keelson/model/generated/types/core-v1.ts';

/** Why a pod is collected; `condition` goes on it before that. */
export interface Collection {
  readonly pod: Pod;
  readonly why: 'terminated' | 'orphaned' | 'unscheduled' | 'outOfService';
}

/** What the collector looks at; `absentSince` says for nodes without an object since when, in milliseconds. */
export interface PodGcView {
  readonly pods: readonly Pod[];
  readonly nodes: ReadonlyMap<string, Node>;
  readonly absentSince: ReadonlyMap<string, number>;
  readonly now: number;
  /** Finished pods beyond this number go, oldest first. 0: all stay. */
  readonly threshold: number;
}

/** How long a node must have been absent before its pods are orphans, in milliseconds. */
const quarantine = 40_000;

/** The pods that nobody else will remove. */
export function podsToCollect(view: PodGcView): Collection[] {
  const found: Collection[] = [];
  for (const pod of view.pods) {
    const node = pod.spec?.nodeName;
    const going = pod.metadata?.deletionTimestamp !== undefined;
    if (!node) {
      if (going) found.push({ pod, why: 'unscheduled' });
    } else if (!view.nodes.has(node)) {
      const since = view.absentSince.get(node);
      if (since !== undefined && view.now - since >= quarantine) found.push({ pod, why: 'orphaned' });
    } else if (going && isOutOfService(view.nodes.get(node)!)) found.push({ pod, why: 'outOfService' });
  }
  const collected = new Set(found.map(({ pod }) => pod));
  const finished = view.pods.filter(
    (pod) => isPodFinished(pod) && pod.metadata?.deletionTimestamp === undefined && !collected.has(pod),
  );
  const surplus = view.threshold > 0 ? Math.max(finished.length - view.threshold, 0) : 0;
  for (const pod of finished.toSorted(byAge).slice(0, surplus)) found.push({ pod, why: 'terminated' });
  return found;
}

function isOutOfService(node: Node): boolean {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
  return !ready && (node.spec?.taints ?? []).some(({ key }) => key === 'node.kubernetes.io/out-of-service');
}

function byAge(left: Pod, right: Pod): number {
  const a = left.metadata?.creationTimestamp ?? '';
  const b = right.metadata?.creationTimestamp ?? '';
  return a !== b ? (a < b ? -1 : 1) : left.metadata!.name! < right.metadata!.name! ? -1 : 1;
}

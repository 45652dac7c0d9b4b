import { matchesNodeSelector } from '@keelson/controller-kit';
import type { Node, Pod, PodSpec, Taint, Toleration } from '@keelson/model/generated/types/core-v1.ts';

/** What a daemon pod survives on its node, on top of what its template tolerates. */
const daemonTolerations: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];
const hostNetworkToleration: Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
};

/** The template's tolerations with those that every daemon pod has. */
export function tolerationsFor(spec: PodSpec): Toleration[] {
  const tolerations = [...(spec.tolerations ?? [])];
  const same = (left: Toleration, right: Toleration) =>
    left.key === right.key && left.operator === right.operator && left.effect === right.effect && !left.value;
  for (const wanted of spec.hostNetwork ? [...daemonTolerations, hostNetworkToleration] : daemonTolerations)
    if (!tolerations.some((present) => same(present, wanted))) tolerations.push(wanted);
  return tolerations;
}

/** Whether a node should get a daemon pod, and whether one that it has may stay. */
export interface Placement {
  readonly run: boolean;
  readonly stay: boolean;
}

/** What the node's name, labels and taints say to a pod of this template. */
export function placementOn(node: Node, spec: PodSpec): Placement {
  const none = { run: false, stay: false };
  if (spec.nodeName && spec.nodeName !== node.metadata?.name) return none;
  if (!matchesLabels(node, spec)) return none;
  const tolerations = tolerationsFor(spec);
  const untolerated = (node.spec?.taints ?? []).filter(
    (taint) => !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
  const drivenOff = untolerated.some(({ effect }) => effect === 'NoExecute');
  const keptAway = drivenOff || untolerated.some(({ effect }) => effect === 'NoSchedule');
  return { run: !keptAway, stay: !drivenOff };
}

/** The node that a daemon pod is on or meant for. */
export function nodeOf(pod: Pod): string | undefined {
  if (pod.spec?.nodeName) return pod.spec.nodeName;
  const terms =
    pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  for (const { matchFields } of terms)
    for (const { key, operator, values } of matchFields ?? [])
      if (key === 'metadata.name' && operator === 'In' && values?.length === 1) return values[0];
  return undefined;
}

/** The template's spec, tied to one node: the scheduler still decides whether there is room. */
export function specFor(spec: PodSpec, nodeName: string): PodSpec {
  const copy = structuredClone(spec);
  const pinned = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] };
  copy.affinity = {
    ...copy.affinity,
    nodeAffinity: {
      ...copy.affinity?.nodeAffinity,
      // The template's own terms have been judged already, when this node was chosen.
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [pinned] },
    },
  };
  copy.tolerations = tolerationsFor(spec);
  return copy;
}

function matchesLabels(node: Node, spec: PodSpec): boolean {
  const labels = node.metadata?.labels ?? {};
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) if (labels[key] !== value) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || matchesNodeSelector(node, required);
}

function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  return Boolean(toleration.key) && (toleration.value ?? '') === (taint.value ?? '');
}

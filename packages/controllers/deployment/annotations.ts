import type { Deployment, ReplicaSet } from '@keelson/model/generated/types/apps-v1.ts';
import { maxSurge, wantedReplicas } from './replicas.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
const historyAnnotation = 'deployment.kubernetes.io/revision-history';
export const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas';

/** What belongs to the Deployment or to the controller and is not handed down. */
const kept = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
  revisionAnnotation,
  historyAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
]);

const historyLimit = 2000;

/** A ReplicaSet's place in the deployment's history; 0 when it has none. */
export function revisionOf(object: { readonly metadata?: { annotations?: Record<string, string> } }): number {
  const text = object.metadata?.annotations?.[revisionAnnotation] ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

/** The annotations of a ReplicaSet that is to be the deployment's newest, at `revision` or wherever it is beyond that. */
export function newestAnnotations(
  deployment: Deployment,
  replicaSet: ReplicaSet | undefined,
  revision: number,
): Record<string, string> {
  const annotations = { ...replicaSet?.metadata?.annotations };
  for (const [key, value] of Object.entries(deployment.metadata?.annotations ?? {}))
    if (!kept.has(key)) annotations[key] = value;
  const former = replicaSet === undefined ? 0 : revisionOf(replicaSet);
  if (former < revision) {
    annotations[revisionAnnotation] = String(revision);
    if (former > 0) annotations[historyAnnotation] = extendedHistory(annotations[historyAnnotation], former);
  }
  return replicaSet === undefined ? { ...annotations, ...sizeAnnotations(deployment) } : annotations;
}

/** What tells a later pass how large the deployment was when the ReplicaSet was last scaled. */
export function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const wanted = wantedReplicas(deployment);
  return {
    [desiredReplicasAnnotation]: String(wanted),
    [maxReplicasAnnotation]: String(wanted + maxSurge(deployment)),
  };
}

/** `history` with one revision more; the oldest are left out when it becomes too long. */
function extendedHistory(history: string | undefined, revision: number): string {
  let text = history ? `${history},${revision}` : String(revision);
  while (text.length > historyLimit && text.includes(',')) text = text.slice(text.indexOf(',') + 1);
  return text;
}

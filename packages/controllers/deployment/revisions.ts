import { canonicalJson } from '@keelson/controller-kit';
import type { Deployment, ReplicaSet } from '@keelson/model/generated/types/apps-v1.ts';
import type { PodTemplateSpec } from '@keelson/model/generated/types/core-v1.ts';
import { revisionOf } from './annotations.ts';
import { specReplicas } from './replicas.ts';

export const hashLabel = 'pod-template-hash';

/** True when both templates make the same pods; the hash that a ReplicaSet's own carries does not count. */
export function sameTemplate(left: PodTemplateSpec | undefined, right: PodTemplateSpec | undefined): boolean {
  return canonicalJson(withoutHash(left)) === canonicalJson(withoutHash(right));
}

function withoutHash(template: PodTemplateSpec | undefined): unknown {
  const { [hashLabel]: _, ...labels } = template?.metadata?.labels ?? {};
  return {
    spec: template?.spec,
    metadata: { ...template?.metadata, labels: Object.keys(labels).length > 0 ? labels : undefined },
  };
}

/** Oldest first; those made in the same second by name. */
export function byAge(left: ReplicaSet, right: ReplicaSet): number {
  const a = left.metadata?.creationTimestamp ?? '';
  const b = right.metadata?.creationTimestamp ?? '';
  if (a !== b) return a < b ? -1 : 1;
  return (left.metadata?.name ?? '') < (right.metadata?.name ?? '') ? -1 : 1;
}

/** The ReplicaSet of the deployment's template: the oldest, should there be several. */
export function findNewest(deployment: Deployment, replicaSets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return replicaSets
    .toSorted(byAge)
    .find((replicaSet) => sameTemplate(replicaSet.spec?.template, deployment.spec?.template));
}

export function highestRevision(replicaSets: readonly ReplicaSet[]): number {
  return Math.max(0, ...replicaSets.map(revisionOf));
}

/** The old ReplicaSets that the history has no room for: empty ones, oldest revision first. */
export function surplusHistory(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const limit = deployment.spec?.revisionHistoryLimit ?? 10;
  const alive = old.filter((replicaSet) => replicaSet.metadata?.deletionTimestamp === undefined);
  return alive
    .toSorted((left, right) => revisionOf(left) - revisionOf(right) || byAge(left, right))
    .slice(0, Math.max(alive.length - limit, 0))
    .filter(
      (replicaSet) =>
        specReplicas(replicaSet) === 0 &&
        (replicaSet.status?.replicas ?? 0) === 0 &&
        (replicaSet.metadata?.generation ?? 0) <= (replicaSet.status?.observedGeneration ?? 0),
    );
}

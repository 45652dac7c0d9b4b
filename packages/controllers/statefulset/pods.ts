import { kubernetesResources } from '@keelson/client';
import { controllerReference, podFromTemplate } from '@keelson/controller-kit';
import type { StatefulSet } from '@keelson/model/generated/types/apps-v1.ts';
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, Volume } from '@keelson/model/generated/types/core-v1.ts';

const { statefulSets } = kubernetesResources;

export const revisionLabel = 'controller-revision-hash';
const podNameLabel = 'statefulset.kubernetes.io/pod-name';
const podIndexLabel = 'apps.kubernetes.io/pod-index';

/** The first ordinal of the set. */
export function startOrdinal(set: StatefulSet): number {
  return set.spec?.ordinals?.start ?? 0;
}

export function replicasOf(set: StatefulSet): number {
  return set.spec?.replicas ?? 1;
}

export function podName(set: StatefulSet, ordinal: number): string {
  return `${set.metadata!.name}-${ordinal}`;
}

/** The ordinal in the name of one of the set's pods; undefined for every other name. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const match = /^(.+)-(0|[1-9][0-9]{0,9})$/.exec(pod.metadata?.name ?? '');
  return match?.[1] === set.metadata!.name ? Number(match![2]) : undefined;
}

export function isInRange(set: StatefulSet, ordinal: number): boolean {
  const start = startOrdinal(set);
  return ordinal >= start && ordinal < start + replicasOf(set);
}

function identityLabels(set: StatefulSet, ordinal: number): Record<string, string> {
  return { [podNameLabel]: podName(set, ordinal), [podIndexLabel]: String(ordinal) };
}

export function claimName(set: StatefulSet, template: PersistentVolumeClaim, ordinal: number): string {
  return `${template.metadata?.name}-${podName(set, ordinal)}`;
}

/** The claims that the pod of an ordinal needs, as they are first made. */
export function claimsFor(set: StatefulSet, ordinal: number): PersistentVolumeClaim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => {
    const { labels, annotations } = template.metadata ?? {};
    return {
      metadata: {
        name: claimName(set, template, ordinal),
        namespace: set.metadata!.namespace,
        labels: { ...labels, ...set.spec?.selector.matchLabels },
        ...(annotations && { annotations: { ...annotations } }),
      },
      spec: structuredClone(template.spec),
    };
  });
}

function claimVolumes(set: StatefulSet, ordinal: number): Volume[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => ({
    name: template.metadata!.name!,
    persistentVolumeClaim: { claimName: claimName(set, template, ordinal) },
  }));
}

/** The set's volumes in front, in the place of those of the same name. */
function withClaims(set: StatefulSet, ordinal: number, volumes: readonly Volume[]): Volume[] {
  const claims = claimVolumes(set, ordinal);
  const names = new Set(claims.map(({ name }) => name));
  return [...claims, ...volumes.filter(({ name }) => !names.has(name))];
}

/** The pod of an ordinal, of a revision's template. */
export function podFor(set: StatefulSet, ordinal: number, template: PodTemplateSpec, revision: string): Pod {
  const { name, namespace } = set.metadata!;
  const owner = { name: name!, namespace: namespace! };
  const pod = podFromTemplate(owner, template, controllerReference(set, statefulSets));
  const volumes = withClaims(set, ordinal, pod.spec?.volumes ?? []);
  return {
    metadata: {
      ...pod.metadata,
      name: podName(set, ordinal),
      labels: { ...pod.metadata!.labels, ...identityLabels(set, ordinal), [revisionLabel]: revision },
    },
    spec: {
      ...pod.spec!,
      hostname: podName(set, ordinal),
      ...(set.spec?.serviceName && { subdomain: set.spec.serviceName }),
      ...(volumes.length > 0 && { volumes }),
    },
  };
}

/** What of a pod's labels is not what its ordinal makes them: a patch, or undefined when there is nothing to mend. */
export function identityPatch(set: StatefulSet, pod: Pod, ordinal: number): object | undefined {
  const wanted = identityLabels(set, ordinal);
  if (Object.entries(wanted).every(([label, value]) => pod.metadata?.labels?.[label] === value)) return undefined;
  return { metadata: { labels: wanted, uid: pod.metadata!.uid } };
}

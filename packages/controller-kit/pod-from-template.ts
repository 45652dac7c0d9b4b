import type { OwnerReference } from '@keelson/model';
import type { Pod, PodTemplateSpec } from '@keelson/model/generated/types/core-v1.ts';
import { nameProblems } from '@keelson/model/metadata/names.ts';

/** The pod that an owner makes from its template, with a name that the server completes. */
export function podFromTemplate(
  owner: { readonly name: string; readonly namespace: string },
  template: PodTemplateSpec | undefined,
  reference: OwnerReference,
): Pod {
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  const prefix = `${owner.name}-`;
  return {
    metadata: {
      generateName: nameProblems('dnsSubdomain', `${prefix}x`).length === 0 ? prefix : owner.name,
      namespace: owner.namespace,
      ...(labels && { labels: { ...labels } }),
      ...(annotations && { annotations: { ...annotations } }),
      ...(finalizers && { finalizers: [...finalizers] }),
      ownerReferences: [reference],
    },
    spec: structuredClone(template?.spec),
  };
}

import type { ApiObject } from '@keelson/model';

/** Kinds of objects that a pod uses by name in its own namespace. */
export type ReferencedResource =
  | 'secrets'
  | 'configmaps'
  | 'persistentvolumeclaims'
  | 'resourceclaims'
  | 'serviceaccounts';

export interface PodReference {
  readonly resource: ReferencedResource;
  readonly name: string;
}

/** Every object that a pod's spec, or its claims' status, refers to; the same one possibly several times. */
export function podReferences(pod: Readonly<ApiObject>): PodReference[] {
  const spec: Record<string, any> = pod['spec'] ?? {};
  const found: PodReference[] = [];
  const add = (resource: ReferencedResource, name: unknown) => {
    if (typeof name === 'string' && name !== '') found.push({ resource, name });
  };
  add('serviceaccounts', spec['serviceAccountName']);
  for (const reference of spec['imagePullSecrets'] ?? []) add('secrets', reference?.name);
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    for (const container of spec[list] ?? []) containerReferences(container, add);
  }
  for (const volume of spec['volumes'] ?? []) volumeReferences(pod.metadata?.name ?? '', volume, add);
  for (const claim of spec['resourceClaims'] ?? []) add('resourceclaims', claim?.resourceClaimName);
  for (const claim of pod['status']?.resourceClaimStatuses ?? []) add('resourceclaims', claim?.resourceClaimName);
  add('resourceclaims', pod['status']?.extendedResourceClaimStatus?.resourceClaimName);
  return found;
}

type Add = (resource: ReferencedResource, name: unknown) => void;

function containerReferences(container: Record<string, any>, add: Add): void {
  for (const variable of container['env'] ?? []) {
    add('secrets', variable?.valueFrom?.secretKeyRef?.name);
    add('configmaps', variable?.valueFrom?.configMapKeyRef?.name);
  }
  for (const source of container['envFrom'] ?? []) {
    add('secrets', source?.secretRef?.name);
    add('configmaps', source?.configMapRef?.name);
  }
}

function volumeReferences(pod: string, volume: Record<string, any>, add: Add): void {
  add('secrets', volume['secret']?.secretName);
  add('configmaps', volume['configMap']?.name);
  add('persistentvolumeclaims', volume['persistentVolumeClaim']?.claimName);
  if (volume['ephemeral'] !== undefined) add('persistentvolumeclaims', `${pod}-${volume['name']}`);
  for (const source of volume['projected']?.sources ?? []) {
    add('secrets', source?.secret?.name);
    add('configmaps', source?.configMap?.name);
  }
  for (const driver of ['azureFile']) add('secrets', volume[driver]?.secretName);
  for (const driver of ['cephfs', 'cinder', 'flexVolume', 'iscsi', 'rbd', 'scaleIO', 'storageos']) {
    add('secrets', volume[driver]?.secretRef?.name);
  }
  add('secrets', volume['csi']?.nodePublishSecretRef?.name);
}

/** A secret that a persistent volume's driver needs. */
export interface VolumeSecret {
  readonly namespace: string;
  readonly name: string;
}

/** The secrets that a PersistentVolume refers to; those without a namespace are in the claim's. */
export function volumeSecrets(volume: Readonly<ApiObject>): VolumeSecret[] {
  const spec: Record<string, any> = volume['spec'] ?? {};
  const home: string = spec['claimRef']?.namespace ?? '';
  const found: VolumeSecret[] = [];
  for (const source of Object.values(spec)) {
    if (typeof source !== 'object' || source === null || Array.isArray(source)) continue;
    for (const [field, reference] of Object.entries(source as Record<string, any>)) {
      if (!/secretRef$/i.test(field) || typeof reference?.name !== 'string') continue;
      found.push({ namespace: reference.namespace ?? home, name: reference.name });
    }
    const { secretName, secretNamespace } = source as Record<string, any>;
    if (typeof secretName === 'string') found.push({ namespace: secretNamespace ?? home, name: secretName });
  }
  return found;
}

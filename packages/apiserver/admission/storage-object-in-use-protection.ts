import type { AdmissionPlugin, AdmissionRequest } from './contract.ts';
import { isWriteTo } from './refusal.ts';

const FINALIZERS: Readonly<Record<string, string>> = {
  persistentvolumes: 'kubernetes.io/pv-protection',
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
};

/** StorageObjectInUseProtection: a volume stays while a claim is bound to it, a claim while a pod uses it. */
export class StorageObjectInUseProtection implements AdmissionPlugin {
  readonly name = 'StorageObjectInUseProtection';

  mutate(request: AdmissionRequest): void {
    const { operation, object, resource } = request;
    const finalizer = resource.group === '' ? FINALIZERS[resource.resource] : undefined;
    if (operation !== 'CREATE' || finalizer === undefined || !isWriteTo(request, '', resource.resource)) return;
    const metadata = (object!.metadata ??= {});
    if (metadata.finalizers?.includes(finalizer)) return;
    metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
  }
}

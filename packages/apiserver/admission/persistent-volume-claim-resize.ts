import { type ApiObject, quantityOrUndefined } from '@keelson/model';
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from './contract.ts';
import { forbidden, isWriteTo } from './refusal.ts';

const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class';

function sizeOf(claim: Readonly<ApiObject>) {
  return quantityOrUndefined(claim['spec']?.resources?.requests?.storage ?? '0');
}

function classOf(claim: Readonly<ApiObject>): string {
  return claim.metadata?.annotations?.[BETA_CLASS] ?? claim['spec']?.storageClassName ?? '';
}

/** PersistentVolumeClaimResize: a claim may grow when it is bound and its class says that its volumes can. */
export class PersistentVolumeClaimResize implements AdmissionPlugin {
  readonly name = 'PersistentVolumeClaimResize';
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  validate(request: AdmissionRequest): void {
    const { operation, object, previous } = request;
    if (operation !== 'UPDATE' || !isWriteTo(request, '', 'persistentvolumeclaims')) return;
    if (object === undefined || previous === undefined) return;
    const [size, before] = [sizeOf(object), sizeOf(previous)];
    if (size === undefined || before === undefined || size.compare(before) <= 0) return;
    if (previous['status']?.phase !== 'Bound') {
      throw forbidden(request, 'Only bound persistent volume claims can be expanded');
    }
    const name = classOf(object);
    const found = this.#reader.get('storage.k8s.io', 'storageclasses', '', name);
    if (name !== '' && name === classOf(previous) && found?.['allowVolumeExpansion'] === true) return;
    const text =
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
    throw forbidden(request, text);
  }
}

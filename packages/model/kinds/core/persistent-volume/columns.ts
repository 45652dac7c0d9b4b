import type { ApiObject } from '../../../object.ts';
import type { Column } from '../../../strategy.ts';
import { textColumn, wideColumn } from '../../../table/column-forms.ts';
import { ageColumn } from '../../../table/table.ts';
import { accessModesText, storageClassOf } from '../storage-words.ts';

/** What is being deleted says so instead of its phase. */
export function phaseText(object: Readonly<ApiObject>): string {
  return object.metadata?.deletionTimestamp === undefined ? (object['status']?.phase ?? '') : 'Terminating';
}

function claimText(object: Readonly<ApiObject>): string {
  const claim = object['spec']?.claimRef;
  return claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`;
}

export const columns: readonly Column[] = [
  textColumn('Capacity', 'How much fits into the volume.', (object) => object['spec']?.capacity?.storage ?? '0'),
  textColumn('Access Modes', 'The ways in which it can be mounted.', (object) =>
    accessModesText(object['spec']?.accessModes),
  ),
  textColumn(
    'Reclaim Policy',
    'What becomes of it when its claim is gone.',
    (object) => object['spec']?.persistentVolumeReclaimPolicy ?? '',
  ),
  textColumn('Status', 'Whether it is free, bound or left behind.', phaseText),
  textColumn('Claim', 'The claim that it is bound to.', claimText),
  textColumn('StorageClass', 'The StorageClass that it belongs to.', storageClassOf),
  textColumn(
    'VolumeAttributesClass',
    'The VolumeAttributesClass that it has.',
    (object) => object['spec']?.volumeAttributesClassName ?? '<unset>',
  ),
  textColumn('Reason', 'Why it is in this state.', (object) => object['status']?.reason ?? ''),
  ageColumn,
  wideColumn(
    'VolumeMode',
    'Whether it is a file system or a raw device.',
    (object) => object['spec']?.volumeMode ?? '<unset>',
  ),
];

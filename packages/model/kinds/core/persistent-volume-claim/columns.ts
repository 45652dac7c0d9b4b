import type { ApiObject } from '../../../object.ts';
import type { Column } from '../../../strategy.ts';
import { textColumn, wideColumn } from '../../../table/column-forms.ts';
import { ageColumn } from '../../../table/table.ts';
import { phaseText } from '../persistent-volume/columns.ts';
import { accessModesText, storageClassOf } from '../storage-words.ts';

/** What a claim got is shown once it has got something. */
function bound(object: Readonly<ApiObject>): boolean {
  return (object['spec']?.volumeName ?? '') !== '';
}

export const columns: readonly Column[] = [
  textColumn('Status', 'Whether it has a volume.', phaseText),
  textColumn('Volume', 'The volume that it is bound to.', (object) => object['spec']?.volumeName ?? ''),
  textColumn('Capacity', 'How much fits into its volume.', (object) =>
    bound(object) ? (object['status']?.capacity?.storage ?? '0') : '',
  ),
  textColumn('Access Modes', 'The ways in which its volume can be mounted.', (object) =>
    bound(object) ? accessModesText(object['status']?.accessModes) : '',
  ),
  textColumn('StorageClass', 'The StorageClass that it asks for.', storageClassOf),
  textColumn(
    'VolumeAttributesClass',
    'The VolumeAttributesClass that it asks for.',
    (object) => object['spec']?.volumeAttributesClassName ?? '<unset>',
  ),
  ageColumn,
  wideColumn(
    'VolumeMode',
    'Whether it asks for a file system or a raw device.',
    (object) => object['spec']?.volumeMode ?? '<unset>',
  ),
];

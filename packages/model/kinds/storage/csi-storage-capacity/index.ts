import { type FieldError, invalid } from '../../../field-error.ts';
import { dnsSubdomainProblems } from '../../../metadata/names.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import { quantityOrUndefined } from '../../../quantity/quantity.ts';
import { labelSelectorErrors } from '../../../selectors/validate-label-selector.ts';
import type { Strategy } from '../../../strategy.ts';
import { textColumn } from '../../../table/column-forms.ts';
import { nameColumn } from '../../../table/table.ts';
import { problems } from '../../core/pod/validation/scalars.ts';

function validate(object: Readonly<ApiObject>): FieldError[] {
  const capacity = quantityOrUndefined(object['capacity']);
  const negative = capacity !== undefined && capacity.sign() < 0;
  return [
    ...labelSelectorErrors('nodeTopology', object['nodeTopology']),
    ...problems('storageClassName', object['storageClassName'] ?? '', dnsSubdomainProblems),
    ...(negative ? [invalid('capacity', capacity.toString(), 'must be greater than or equal to 0')] : []),
  ];
}

export const csiStorageCapacity: Strategy = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSIStorageCapacity',
  unconditionalUpdate: false,
  defaults(object) {
    for (const name of ['capacity', 'maximumVolumeSize']) {
      const quantity = quantityOrUndefined(object[name]);
      if (quantity !== undefined) object[name] = quantity.toString();
    }
  },
  validate,
  validateUpdate: (object, previous) =>
    ['nodeTopology', 'storageClassName'].flatMap((name) => immutable(name, object[name], previous[name])),
  columns: [
    nameColumn,
    textColumn('StorageClassName', 'The class whose volumes are meant.', (object) => object['storageClassName'] ?? ''),
    textColumn('Capacity', 'How much there is left.', (object) => object['capacity'] ?? '<unset>'),
  ],
};

import { type FieldError, forbidden, notSupported, required } from '../../../field-error.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { textColumn } from '../../../table/column-forms.ts';
import { ageColumn, nameColumn } from '../../../table/table.ts';
import { parametersErrors, provisionerErrors } from '../parameters.ts';
import { topologiesErrors } from './topologies.ts';

const RECLAIM_POLICIES = ['Delete', 'Retain'];
const BINDING_MODES = ['Immediate', 'WaitForFirstConsumer'];
const DEFAULT_MARKS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

function validate(object: Readonly<ApiObject>): FieldError[] {
  const { reclaimPolicy, volumeBindingMode } = object;
  const errors = [
    ...provisionerErrors('provisioner', object['provisioner'] ?? ''),
    ...parametersErrors('parameters', object['parameters'] ?? {}),
  ];
  if (reclaimPolicy && !RECLAIM_POLICIES.includes(reclaimPolicy)) {
    errors.push(notSupported('reclaimPolicy', reclaimPolicy, RECLAIM_POLICIES));
  }
  if (volumeBindingMode === undefined) errors.push(required('volumeBindingMode'));
  else if (!BINDING_MODES.includes(volumeBindingMode)) {
    errors.push(notSupported('volumeBindingMode', volumeBindingMode, BINDING_MODES));
  }
  return [...errors, ...topologiesErrors('allowedTopologies', object['allowedTopologies'] ?? [])];
}

function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const errors = validate(object);
  for (const name of ['parameters', 'provisioner', 'reclaimPolicy']) {
    if (!sameValue(object[name], previous[name])) errors.push(forbidden(name, `updates to ${name} are forbidden.`));
  }
  return [...errors, ...immutable('volumeBindingMode', object['volumeBindingMode'], previous['volumeBindingMode'])];
}

/** Claims that name no class get this one. */
export function isDefaultClass(object: Readonly<ApiObject>): boolean {
  return DEFAULT_MARKS.some((name) => object.metadata?.annotations?.[name] === 'true');
}

export const storageClass: Strategy = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  defaults(object) {
    object['reclaimPolicy'] ??= 'Delete';
    object['volumeBindingMode'] ??= 'Immediate';
  },
  validate,
  validateUpdate,
  columns: [
    {
      ...nameColumn,
      cell: (object) => `${object.metadata?.name ?? ''}${isDefaultClass(object) ? ' (default)' : ''}`,
    },
    textColumn('Provisioner', 'Who makes volumes of this class.', (object) => object['provisioner'] ?? ''),
    textColumn(
      'ReclaimPolicy',
      'What becomes of its volumes when their claims are gone.',
      (object) => object['reclaimPolicy'] ?? 'Delete',
    ),
    textColumn(
      'VolumeBindingMode',
      'When its volumes are made and bound.',
      (object) => object['volumeBindingMode'] ?? '<unset>',
    ),
    textColumn(
      'AllowVolumeExpansion',
      'Whether its volumes may grow.',
      (object) => object['allowVolumeExpansion'] ?? false,
    ),
    ageColumn,
  ],
};

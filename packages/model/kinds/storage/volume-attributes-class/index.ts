import { type FieldError, forbidden, required } from '../../../field-error.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { textColumn } from '../../../table/column-forms.ts';
import { parametersErrors, provisionerErrors } from '../parameters.ts';

function validate(object: Readonly<ApiObject>): FieldError[] {
  const parameters: Record<string, string> = object['parameters'] ?? {};
  const none = Object.keys(parameters).length === 0;
  return [
    ...provisionerErrors('driverName', object['driverName'] ?? ''),
    ...(none ? [required('parameters', 'must contain at least one key/value pair')] : []),
    ...parametersErrors('parameters', parameters),
  ];
}

function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const changed = ['driverName', 'parameters'].filter((name) => !sameValue(object[name], previous[name]));
  return [...changed.map((name) => forbidden(name, `updates to ${name} are forbidden.`)), ...validate(object)];
}

export const volumeAttributesClass: Strategy = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'VolumeAttributesClass',
  validate,
  validateUpdate,
  columns: [textColumn('DriverName', 'The CSI driver that it is for.', (object) => object['driverName'] ?? '')],
};

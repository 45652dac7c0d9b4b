import { type FieldError, invalid } from '../../../field-error.ts';
import { qualifiedNameProblems } from '../../../metadata/names.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { configurationErrors } from '../device-configuration.ts';
import { selectorsErrors } from '../device-selector.ts';
import { listErrors } from '../lists.ts';

const MOST_CONFIGURATIONS = 32;

function isExtendedResource(name: string): boolean {
  if (!name.includes('/') || name.includes('kubernetes.io/') || name.startsWith('requests.')) return false;
  return qualifiedNameProblems(`requests.${name}`).length === 0;
}

/** @param settled the selectors are those that were accepted before */
function specErrors(spec: Fields, settled: boolean): FieldError[] {
  const name: string | undefined = spec['extendedResourceName'];
  return [
    ...(settled ? [] : selectorsErrors('spec.selectors', spec['selectors'])),
    ...listErrors<Fields>('spec.config', spec['config'], MOST_CONFIGURATIONS, (one, at) =>
      configurationErrors(at, one),
    ),
    ...(name === undefined || isExtendedResource(name)
      ? []
      : [invalid('spec.extendedResourceName', name, 'must be a valid extended resource name')]),
  ];
}

function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const [spec, old]: [Fields, Fields] = [object['spec'] ?? {}, previous['spec'] ?? {}];
  return specErrors(spec, sameValue(spec['selectors'], old['selectors']));
}

export const deviceClass: Strategy = {
  apiVersion: 'resource.k8s.io/v1',
  kind: 'DeviceClass',
  generation: true,
  validate: (object) => specErrors(object['spec'] ?? {}, false),
  validateUpdate,
  columns: [],
};

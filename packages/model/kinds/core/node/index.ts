import type { ApiObject } from '../../../object.ts';
import { canonicalQuantities } from '../../../quantity/canonical-quantities.ts';
import type { Strategy } from '../../../strategy.ts';
import { columns } from './columns.ts';
import { validate, validateUpdate } from './validation.ts';

function defaults(object: ApiObject): void {
  const spec = object['spec'];
  // podCIDR is the first of podCIDRs: whoever gives one of the two means both.
  if (spec?.podCIDR !== undefined && spec.podCIDRs === undefined) spec.podCIDRs = [spec.podCIDR];
  if (spec?.podCIDRs?.[0] !== undefined && spec.podCIDR === undefined) spec.podCIDR = spec.podCIDRs[0];
  const status = object['status'];
  if (status === undefined) return;
  canonicalQuantities(status.capacity);
  canonicalQuantities(status.allocatable);
  if (status.allocatable === undefined && status.capacity !== undefined) status.allocatable = { ...status.capacity };
}

export const node: Strategy = {
  apiVersion: 'v1',
  kind: 'Node',
  defaults,
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
  },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate,
  validateUpdate,
  validateStatusUpdate: validateUpdate,
  selectableFields: { 'spec.unschedulable': (object) => String(object['spec']?.unschedulable ?? false) },
  columns,
};

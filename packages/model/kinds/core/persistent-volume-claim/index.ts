import type { ApiObject } from '../../../object.ts';
import { canonicalQuantities } from '../../../quantity/canonical-quantities.ts';
import { quantityOrUndefined } from '../../../quantity/quantity.ts';
import type { Strategy } from '../../../strategy.ts';
import { betaClassWarnings } from '../storage-words.ts';
import { defaultClaimSpec } from './claim-spec.ts';
import { columns } from './columns.ts';
import { alignDataSources, dropOtherSource } from './data-sources.ts';
import { validate, validateStatusUpdate, validateUpdate } from './validation.ts';

function warnings(object: Readonly<ApiObject>): string[] {
  const size = quantityOrUndefined(object['spec']?.resources?.requests?.storage);
  const found = betaClassWarnings(object);
  if (size !== undefined && !size.isInteger()) {
    const text = `fractional byte value ${JSON.stringify(size.toString())} is invalid, must be an integer`;
    found.push(`spec.resources.requests[storage]: ${text}`);
  }
  return found;
}

export const persistentVolumeClaim: Strategy = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  defaults(object) {
    const status = (object['status'] ??= {});
    status.phase ||= 'Pending';
    canonicalQuantities(status.capacity);
    canonicalQuantities(status.allocatedResources);
    defaultClaimSpec((object['spec'] ??= {}));
  },
  prepareForCreate(object) {
    object['status'] = { phase: 'Pending' };
    dropOtherSource(object['spec']);
    alignDataSources(object['spec']);
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
    const old = previous['spec'] ?? {};
    if (old.dataSource === undefined && old.dataSourceRef === undefined) dropOtherSource(object['spec']);
    alignDataSources(object['spec']);
  },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate,
  validateUpdate,
  validateStatusUpdate,
  warnings,
  columns,
};

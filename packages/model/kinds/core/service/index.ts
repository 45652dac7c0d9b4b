import type { Strategy } from '../../../strategy.ts';
import { columns } from './columns.ts';
import { defaults } from './defaults.ts';
import { prepareForCreate, prepareForUpdate } from './preparation.ts';
import { validate, validateStatusUpdate, validateUpdate } from './validation.ts';

export const service: Strategy = {
  apiVersion: 'v1',
  kind: 'Service',
  nameForm: 'dns1035Label',
  createOnUpdate: true,
  defaults,
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate,
  validateUpdate,
  validateStatusUpdate,
  selectableFields: {
    'spec.clusterIP': (object) => object['spec']?.clusterIP ?? '',
    'spec.type': (object) => object['spec']?.type ?? '',
  },
  columns,
};

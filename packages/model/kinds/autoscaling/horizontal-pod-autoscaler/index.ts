import type { Strategy } from '../../../strategy.ts';
import { columns } from './columns.ts';
import { defaults } from './defaults.ts';
import { validate, validateStatusUpdate, validateUpdate } from './validation.ts';

export const horizontalPodAutoscaler: Strategy = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  defaults,
  prepareForCreate(object) {
    object['status'] = { desiredReplicas: 0 };
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
  },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate,
  validateUpdate,
  validateStatusUpdate,
  columns,
};

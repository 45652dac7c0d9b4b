import type { ApiObject } from '../../../object.ts';
import type { Column, Strategy } from '../../../strategy.ts';
import { columns } from '../horizontal-pod-autoscaler/columns.ts';
import { defaults as defaultStored } from '../horizontal-pod-autoscaler/defaults.ts';
import { validate, validateStatusUpdate, validateUpdate } from '../horizontal-pod-autoscaler/validation.ts';
import {
  behaviorAnnotation,
  conditionsAnnotation,
  currentMetricsAnnotation,
  metricsAnnotation,
  secondVersionForm,
} from './stored-form.ts';

const stored = secondVersionForm.toStored;

/** What of `annotations` says more than the fields, taken from `previous`: a client may change only the rest. */
function keepAnnotations(object: ApiObject, previous: Readonly<ApiObject>, names: readonly string[]): void {
  const annotations = { ...object.metadata?.annotations };
  for (const name of names) {
    const before = previous.metadata?.annotations?.[name];
    if (before === undefined) delete annotations[name];
    else annotations[name] = before;
  }
  object.metadata = { ...object.metadata, annotations };
  if (Object.keys(annotations).length === 0) delete object.metadata.annotations;
}

/** The first form of autoscaling/v2 HorizontalPodAutoscaler, with one metric and annotations for all else. */
export const horizontalPodAutoscalerV1: Strategy = {
  apiVersion: 'autoscaling/v1',
  kind: 'HorizontalPodAutoscaler',
  storedAs: secondVersionForm,
  defaults(object) {
    const full = stored(object);
    defaultStored(full);
    const { metadata, spec, status } = secondVersionForm.fromStored(full) as ApiObject;
    object.metadata = metadata!;
    object['spec'] = spec;
    if (status !== undefined) object['status'] = status;
  },
  prepareForCreate(object) {
    object['status'] = { currentReplicas: 0, desiredReplicas: 0 };
    keepAnnotations(object, {}, [currentMetricsAnnotation, conditionsAnnotation]);
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
    keepAnnotations(object, previous, [currentMetricsAnnotation, conditionsAnnotation]);
  },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
    keepAnnotations(object, previous, [metricsAnnotation, behaviorAnnotation]);
  },
  validate: (object) => validate(stored(object)),
  validateUpdate: (object, previous) => validateUpdate(stored(object), stored(previous)),
  validateStatusUpdate: (object) => validateStatusUpdate(stored(object)),
  columns: columns.map((column): Column => ({ ...column, cell: (object, now) => column.cell(stored(object), now) })),
};

import type { FieldError } from '../../../field-error.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { ageColumn } from '../../../table/table.ts';
import { replicasScale } from '../../autoscaling/scale/index.ts';
import { defaultPodTemplate } from '../../core/pod/pod-spec-defaults.ts';
import { scaleSelector } from '../deployment/index.ts';
import { countColumn, selectorColumn, templateColumns } from '../workload-columns.ts';
import {
  lastingTemplateErrors,
  nonNegative,
  replicaCountErrors,
  selectorErrors,
  statusCounts,
  templateLabelErrors,
} from '../workload-validation.ts';
import { workloadWarnings } from '../workload-warnings.ts';

function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec = object['spec'] ?? {};
  const template = spec.template ?? {};
  return [
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    // The word is upstream's for ReplicaSets too.
    ...selectorErrors(spec.selector, 'deployment'),
    ...templateLabelErrors(spec.selector, template),
    ...lastingTemplateErrors(template, 'ReplicaSet'),
  ];
}

const COUNTS = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'];

export const replicaSet: Strategy = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  generation: true,
  defaults(object) {
    const spec = (object['spec'] ??= {});
    spec.replicas ??= 1;
    defaultPodTemplate(spec.template);
  },
  prepareForCreate(object) {
    object['status'] = { replicas: 0 };
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
  },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate,
  validateUpdate: (object, previous) => [
    ...validate(object),
    ...immutable('spec.selector', object['spec']?.selector, previous['spec']?.selector),
  ],
  validateStatusUpdate: (object) => [
    ...statusCounts(object['status'] ?? {}, ['replicas', ...COUNTS, 'terminatingReplicas', 'observedGeneration']),
    ...replicaCountErrors(object['status'] ?? {}, COUNTS),
  ],
  scale: replicasScale(scaleSelector),
  selectableFields: { 'status.replicas': (object) => String(object['status']?.replicas ?? 0) },
  warnings: workloadWarnings,
  columns: [
    {
      name: 'Desired',
      type: 'integer',
      priority: 0,
      description: 'How many pods are wanted.',
      cell: (object) => object['spec']?.replicas ?? 0,
    },
    countColumn('Current', 'replicas', 'How many pods there are.'),
    countColumn('Ready', 'readyReplicas', 'How many pods are ready.'),
    ageColumn,
    ...templateColumns,
    selectorColumn,
  ],
};

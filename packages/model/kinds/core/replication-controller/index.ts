import { type FieldError, invalid, required } from '../../../field-error.ts';
import type { ApiObject } from '../../../object.ts';
import { selectorFromLabels } from '../../../selectors/label-selector.ts';
import type { Strategy } from '../../../strategy.ts';
import { ageColumn } from '../../../table/table.ts';
import { countColumn, templateColumns } from '../../apps/workload-columns.ts';
import {
  lastingTemplateErrors,
  nonNegative,
  replicaCountErrors,
  statusCounts,
} from '../../apps/workload-validation.ts';
import { workloadWarnings } from '../../apps/workload-warnings.ts';
import { replicasScale } from '../../autoscaling/scale/index.ts';
import type { Fields } from '../pod/fields.ts';
import { defaultPodTemplate } from '../pod/pod-spec-defaults.ts';

const isEmpty = (map: object | undefined) => Object.keys(map ?? {}).length === 0;

function defaults(object: ApiObject): void {
  const spec: Fields = (object['spec'] ??= {});
  const labels = spec['template']?.metadata?.labels;
  if (labels !== undefined) {
    if (isEmpty(spec['selector'])) spec['selector'] = { ...labels };
    if (isEmpty(object.metadata?.labels)) object.metadata = { ...object.metadata, labels: { ...labels } };
  }
  spec['replicas'] ??= 1;
  defaultPodTemplate(spec['template']);
}

function templateErrors(spec: Fields): FieldError[] {
  const { template, selector } = spec;
  if (template === undefined) return [required('spec.template')];
  const labels = template.metadata?.labels;
  const differs = !isEmpty(selector) && !selectorFromLabels(selector).matches(labels);
  const text = '`selector` does not match template `labels`';
  return [
    ...(differs ? [invalid('spec.template.metadata.labels', labels ?? {}, text)] : []),
    ...lastingTemplateErrors(template, 'ReplicationController'),
  ];
}

function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec: Fields = object['spec'] ?? {};
  return [
    ...nonNegative('spec.minReadySeconds', spec['minReadySeconds']),
    ...(isEmpty(spec['selector']) ? [required('spec.selector')] : []),
    ...nonNegative('spec.replicas', spec['replicas']),
    ...templateErrors(spec),
  ];
}

const COUNTS = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'];
const selectorOf = (object: Readonly<ApiObject>) => selectorFromLabels(object['spec']?.selector).toString();

export const replicationController: Strategy = {
  apiVersion: 'v1',
  kind: 'ReplicationController',
  generation: true,
  // As it was before there was a garbage collector.
  defaultPropagation: 'Orphan',
  defaults,
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
  validateUpdate: validate,
  validateStatusUpdate: (object) => [
    ...statusCounts(object['status'] ?? {}, ['replicas', ...COUNTS, 'observedGeneration']),
    ...replicaCountErrors(object['status'] ?? {}, COUNTS),
  ],
  scale: replicasScale(selectorOf),
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
    {
      name: 'Selector',
      type: 'string',
      priority: 1,
      description: 'The labels by which it finds its pods.',
      cell: (object) => selectorOf(object) || '<none>',
    },
  ],
};

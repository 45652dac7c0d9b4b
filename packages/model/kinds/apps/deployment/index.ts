import type { ApiObject } from '../../../object.ts';
import { selectorFromObject } from '../../../selectors/label-selector.ts';
import type { Strategy } from '../../../strategy.ts';
import { ageColumn } from '../../../table/table.ts';
import { replicasScale } from '../../autoscaling/scale/index.ts';
import { defaultPodTemplate } from '../../core/pod/pod-spec-defaults.ts';
import { selectorColumn, templateColumns } from '../workload-columns.ts';
import { workloadWarnings } from '../workload-warnings.ts';
import { validate, validateStatusUpdate, validateUpdate } from './validation.ts';

function defaults(object: ApiObject): void {
  const spec = (object['spec'] ??= {});
  spec.replicas ??= 1;
  const strategy = (spec.strategy ??= {});
  if ((strategy.type ?? '') === '') strategy.type = 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {};
    strategy.rollingUpdate.maxUnavailable ??= '25%';
    strategy.rollingUpdate.maxSurge ??= '25%';
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  defaultPodTemplate(spec.template);
}

/** The selector as the /scale sub-resource and the replica counts of a HorizontalPodAutoscaler need it; '' if broken. */
export function scaleSelector(object: Readonly<ApiObject>): string {
  try {
    return selectorFromObject(object['spec']?.selector).toString();
  } catch {
    return '';
  }
}

export const deployment: Strategy = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  generation: true,
  defaults,
  prepareForCreate(object) {
    object['status'] = {};
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
  },
  resetFields: { status: ['spec', 'metadata.labels'] },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
    object.metadata = { ...object.metadata };
    if (previous.metadata?.labels === undefined) delete object.metadata.labels;
    else object.metadata.labels = previous.metadata.labels;
  },
  validate,
  validateUpdate,
  validateStatusUpdate,
  scale: replicasScale(scaleSelector),
  warnings: workloadWarnings,
  columns: [
    {
      name: 'Ready',
      type: 'string',
      priority: 0,
      description: 'How many of the wanted pods are ready.',
      cell: (object) => `${object['status']?.readyReplicas ?? 0}/${object['spec']?.replicas ?? 0}`,
    },
    {
      name: 'Up-to-date',
      type: 'string',
      priority: 0,
      description: 'How many pods are of the newest template.',
      cell: (object) => object['status']?.updatedReplicas ?? 0,
    },
    {
      name: 'Available',
      type: 'string',
      priority: 0,
      description: 'How many pods have been ready for at least minReadySeconds.',
      cell: (object) => object['status']?.availableReplicas ?? 0,
    },
    ageColumn,
    ...templateColumns,
    selectorColumn,
  ],
};

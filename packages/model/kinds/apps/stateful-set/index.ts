import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { ageColumn } from '../../../table/table.ts';
import { replicasScale } from '../../autoscaling/scale/index.ts';
import { defaultClaimSpec } from '../../core/persistent-volume-claim/claim-spec.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { defaultPodTemplate } from '../../core/pod/pod-spec-defaults.ts';
import { scaleSelector } from '../deployment/index.ts';
import { templateColumns } from '../workload-columns.ts';
import { templateWarnings } from '../workload-warnings.ts';
import { validate, validateStatusUpdate, validateUpdate } from './validation.ts';

function defaultUpdateStrategy(spec: Fields): void {
  const strategy: Fields = (spec['updateStrategy'] ??= {});
  if ((strategy['type'] ?? '') === '') strategy['type'] = 'RollingUpdate';
  if (strategy['type'] !== 'RollingUpdate') return;
  strategy['rollingUpdate'] ??= {};
  strategy['rollingUpdate'].partition ??= 0;
}

function defaultClaim(claim: Fields): void {
  claim['apiVersion'] ??= 'v1';
  claim['kind'] ??= 'PersistentVolumeClaim';
  defaultClaimSpec((claim['spec'] ??= {}));
  claim['status'] ??= {};
  if ((claim['status'].phase ?? '') === '') claim['status'].phase = 'Pending';
}

function defaults(object: ApiObject): void {
  const spec: Fields = (object['spec'] ??= {});
  if ((spec['podManagementPolicy'] ?? '') === '') spec['podManagementPolicy'] = 'OrderedReady';
  defaultUpdateStrategy(spec);
  const retention: Fields = (spec['persistentVolumeClaimRetentionPolicy'] ??= {});
  for (const when of ['whenDeleted', 'whenScaled']) if ((retention[when] ?? '') === '') retention[when] = 'Retain';
  spec['replicas'] ??= 1;
  spec['revisionHistoryLimit'] ??= 10;
  for (const claim of (spec['volumeClaimTemplates'] ?? []) as Fields[]) defaultClaim(claim);
  defaultPodTemplate(spec['template']);
}

function warnings(object: Readonly<ApiObject>): string[] {
  const unlimited =
    'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended';
  return [...templateWarnings(object), ...(object['spec']?.revisionHistoryLimit < 0 ? [unlimited] : [])];
}

export const statefulSet: Strategy = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  nameForm: 'dnsLabel',
  generation: true,
  defaults,
  prepareForCreate(object) {
    object['status'] = { replicas: 0, availableReplicas: 0 };
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
  warnings,
  scale: replicasScale(scaleSelector),
  columns: [
    {
      name: 'Ready',
      type: 'string',
      priority: 0,
      description: 'How many of the wanted pods are ready.',
      cell: (object) => `${object['status']?.readyReplicas ?? 0}/${object['spec']?.replicas ?? 0}`,
    },
    ageColumn,
    ...templateColumns,
  ],
};

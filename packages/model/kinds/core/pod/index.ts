import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { columns } from './columns.ts';
import { ephemeralContainersUpdate } from './ephemeral-containers.ts';
import { defaultPod } from './pod-defaults.ts';
import { podCompletion } from './pod-summary.ts';
import { gracePeriod, prepareForCreate, prepareForStatusUpdate, prepareForUpdate } from './preparation.ts';
import { resizeUpdate } from './resize.ts';
import { validate, validateStatusUpdate, validateUpdate } from './validation/pod.ts';
import { podWarnings } from './warnings.ts';

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
const addresses = (object: Readonly<ApiObject>): string =>
  ((object['status']?.podIPs ?? []) as { ip?: string }[]).map((entry) => entry.ip ?? '').join(',');

export const pod: Strategy = {
  apiVersion: 'v1',
  kind: 'Pod',
  generation: true,
  defaults: defaultPod,
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate,
  gracePeriod,
  validate,
  validateUpdate,
  validateStatusUpdate,
  warnings: podWarnings,
  resetFields: { status: ['spec', 'metadata.deletionTimestamp', 'metadata.ownerReferences'] },
  changedFields: {
    ephemeralcontainers: ['spec.ephemeralContainers'],
    resize: [
      'spec.containers.*.resources',
      'spec.containers.*.resizePolicy',
      'spec.initContainers.*.resources',
      'spec.initContainers.*.resizePolicy',
    ],
  },
  subresourceUpdates: { ephemeralcontainers: ephemeralContainersUpdate, resize: resizeUpdate },
  selectableFields: {
    'spec.nodeName': (object) => text(object['spec']?.nodeName),
    'spec.restartPolicy': (object) => text(object['spec']?.restartPolicy),
    'spec.schedulerName': (object) => text(object['spec']?.schedulerName),
    'spec.serviceAccountName': (object) => text(object['spec']?.serviceAccountName),
    'spec.hostNetwork': (object) => text(object['spec']?.hostNetwork ?? false),
    'status.phase': (object) => text(object['status']?.phase),
    'status.podIP': (object) => text(object['status']?.podIP),
    'status.podIPs': addresses,
    'status.nominatedNodeName': (object) => text(object['status']?.nominatedNodeName),
  },
  columns,
  rowConditions(object) {
    const completion = podCompletion(object);
    return completion === undefined ? [] : [{ type: 'Completed', status: 'True', ...completion }];
  },
};

import { immutable } from '../../../metadata/validate-metadata.ts';
import type { Strategy } from '../../../strategy.ts';
import { textColumn } from '../../../table/column-forms.ts';
import { defaultDeviceClaim, deviceClaimErrors } from '../device-claim.ts';
import { stateText, validateStatusUpdate } from './status.ts';

export const resourceClaim: Strategy = {
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaim',
  defaults: (object) => defaultDeviceClaim(object['spec']?.devices),
  prepareForCreate(object) {
    object['status'] = {};
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
  },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate: (object) => deviceClaimErrors('spec.devices', object['spec']?.devices ?? {}),
  validateUpdate: (object, previous) => immutable('spec', object['spec'], previous['spec']),
  validateStatusUpdate,
  columns: [textColumn('State', 'Whether it has devices, and whether somebody uses them.', stateText)],
};

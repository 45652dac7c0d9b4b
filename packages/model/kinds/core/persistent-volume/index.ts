import type { ApiObject } from '../../../object.ts';
import { canonicalQuantities } from '../../../quantity/canonical-quantities.ts';
import type { Strategy } from '../../../strategy.ts';
import { betaClassWarnings } from '../storage-words.ts';
import { columns } from './columns.ts';
import { validate, validateUpdate } from './validation.ts';

const MOUNT_OPTIONS = 'volume.beta.kubernetes.io/mount-options';

/** Sources that Kubernetes itself has given up, with what its warnings say of each. */
const GIVEN_UP: Readonly<Record<string, string>> = {
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
};

function defaults(object: ApiObject): void {
  const spec = (object['spec'] ??= {});
  const status = (object['status'] ??= {});
  status.phase ||= 'Pending';
  spec.persistentVolumeReclaimPolicy ||= 'Retain';
  spec.volumeMode ??= 'Filesystem';
  canonicalQuantities(spec.capacity);
  if (spec.hostPath !== undefined) spec.hostPath.type ??= '';
}

function warnings(object: Readonly<ApiObject>): string[] {
  const spec = object['spec'] ?? {};
  const found = betaClassWarnings(object);
  if (object.metadata?.annotations?.[MOUNT_OPTIONS] !== undefined) {
    found.push(`metadata.annotations[${MOUNT_OPTIONS}]: deprecated since v1.31; use "mountOptions" attribute instead`);
  }
  if (spec.persistentVolumeReclaimPolicy === 'Recycle') {
    const text =
      'The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.';
    found.push(`spec.persistentVolumeReclaimPolicy: ${text}`);
  }
  for (const [name, text] of Object.entries(GIVEN_UP)) {
    if (spec[name] !== undefined) found.push(`spec.${name}: ${text}`);
  }
  return found;
}

export const persistentVolume: Strategy = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  defaults,
  prepareForCreate(object, { now }) {
    object['status'] = { phase: 'Pending', lastPhaseTransitionTime: now };
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
  },
  prepareForStatusUpdate(object, previous, { now }) {
    object['spec'] = previous['spec'];
    const status = (object['status'] ??= {});
    const before = previous['status'] ?? {};
    // Whoever reports the phase may say since when; who does not, means now.
    const told = status.lastPhaseTransitionTime !== before.lastPhaseTransitionTime;
    if (told && status.lastPhaseTransitionTime !== undefined) return;
    status.lastPhaseTransitionTime = status.phase === before.phase ? before.lastPhaseTransitionTime : now;
    if (status.lastPhaseTransitionTime === undefined) delete status.lastPhaseTransitionTime;
  },
  validate,
  validateUpdate,
  warnings,
  columns,
};

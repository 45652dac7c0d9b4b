import { type FieldError, forbidden, invalid, key, notSupported, required } from '../../../field-error.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import { IMMUTABLE, immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import { quantityOrUndefined } from '../../../quantity/quantity.ts';
import type { Fields } from '../pod/fields.ts';
import { nodeSelectorErrors } from '../pod/validation/scheduling.ts';
import { accessModeErrors, classNameErrors, volumeModeErrors } from '../storage-words.ts';
import { sourceErrors, sourceNames } from './sources.ts';

const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];
const INLINE = 'in the context of inline volumes';

/** Labels of nodes that a volume may be moved from, to their newer names. */
const NEWER_LABELS: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
};

function capacityErrors(at: string, capacity: Fields): FieldError[] {
  const names = Object.keys(capacity);
  const errors: FieldError[] = names.length === 0 ? [required(at)] : [];
  if (names.length !== 1 || names[0] !== 'storage') errors.push(notSupported(at, capacity, ['storage']));
  for (const [name, value] of Object.entries(capacity)) {
    const quantity = quantityOrUndefined(value);
    if (quantity === undefined || quantity.sign() > 0) continue;
    if (quantity.sign() < 0) {
      errors.push(invalid(key(at, name), Number(quantity.value()), 'must be a valid resource quantity'));
    }
    errors.push(invalid(key(at, name), quantity.toString(), 'must be greater than zero'));
  }
  return errors;
}

function nodeAffinityErrors(at: string, affinity: Fields): FieldError[] {
  if (affinity['required'] === undefined) return [required(`${at}.required`, 'must specify required node constraints')];
  return nodeSelectorErrors(`${at}.required`, affinity['required']);
}

function attributesClassErrors(at: string, spec: Fields): FieldError[] {
  const name: string | undefined = spec['volumeAttributesClassName'];
  if (name === undefined) return [];
  const field = `${at}.volumeAttributesClassName`;
  return [
    ...(name === '' ? [required(field, 'an empty string is disallowed')] : classNameErrors(field, name)),
    ...(spec['csi'] === undefined
      ? [required(`${at}.csi`, 'has to be specified when using volumeAttributesClassName')]
      : []),
  ];
}

function reclaimErrors(at: string, spec: Fields): FieldError[] {
  const policy: string = spec['persistentVolumeReclaimPolicy'] ?? '';
  if (policy === '') return [];
  return RECLAIM_POLICIES.includes(policy) ? [] : [notSupported(at, policy, RECLAIM_POLICIES)];
}

/** The whole host as a volume would be emptied. */
function recycledRootErrors(at: string, spec: Fields): FieldError[] {
  const path: string | undefined = spec['hostPath']?.path;
  const root = path !== undefined && /^\/(\.?\/|\.$)*$/.test(path);
  if (!root || spec['persistentVolumeReclaimPolicy'] !== 'Recycle') return [];
  return [forbidden(at, "may not be 'recycle' for a hostPath mount of '/'")];
}

export function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec: Fields = object['spec'] ?? {};
  const policy = 'spec.persistentVolumeReclaimPolicy';
  const affinity: Fields | undefined = spec['nodeAffinity'];
  return [
    ...accessModeErrors('spec.accessModes', spec['accessModes'] ?? [], ''),
    ...capacityErrors('spec.capacity', spec['capacity'] ?? {}),
    ...reclaimErrors(policy, spec),
    ...(affinity === undefined ? [] : nodeAffinityErrors('spec.nodeAffinity', affinity)),
    ...sourceErrors('spec', spec, object.metadata?.name ?? ''),
    ...(spec['local'] !== undefined && affinity === undefined
      ? [required('spec.nodeAffinity', 'Local volume requires node affinity')]
      : []),
    ...recycledRootErrors(policy, spec),
    ...classNameErrors('spec.storageClassName', spec['storageClassName']),
    ...volumeModeErrors('spec.volumeMode', spec['volumeMode']),
    ...attributesClassErrors('spec', spec),
  ];
}

/** The spec of a volume that stands in a VolumeAttachment and nowhere else. */
export function inlineVolumeErrors(at: string, spec: Fields): FieldError[] {
  const errors: FieldError[] = [];
  if (spec['claimRef'] !== undefined) errors.push(forbidden(`${at}.claimRef`, `may not be specified ${INLINE}`));
  if (Object.keys(spec['capacity'] ?? {}).length > 0) {
    errors.push(forbidden(`${at}.capacity`, `may not be specified ${INLINE}`));
  }
  if (spec['csi'] === undefined) errors.push(required(`${at}.csi`, `has to be specified ${INLINE}`));
  errors.push(...accessModeErrors(`${at}.accessModes`, spec['accessModes'] ?? [], ''));
  const policy = spec['persistentVolumeReclaimPolicy'] ?? '';
  if (policy !== '' && policy !== 'Retain') {
    errors.push(forbidden(`${at}.persistentVolumeReclaimPolicy`, `may only be Retain ${INLINE}`));
  }
  if (spec['nodeAffinity'] !== undefined) {
    errors.push(forbidden(`${at}.nodeAffinity`, `may not be specified ${INLINE}`));
  }
  errors.push(...sourceErrors(at, spec, ''));
  if ((spec['storageClassName'] ?? '') !== '') {
    errors.push(forbidden(`${at}.storageClassName`, `may not be specified ${INLINE}`));
  }
  if (spec['volumeMode'] !== undefined && spec['volumeMode'] !== 'Filesystem') {
    errors.push(forbidden(`${at}.volumeMode`, `may not specify volumeMode other than Filesystem ${INLINE}`));
  }
  return [...errors, ...attributesClassErrors(at, spec)];
}

function withNewLabels(affinity: Fields): Fields {
  const copy = structuredClone(affinity);
  for (const term of (copy['required']?.nodeSelectorTerms ?? []) as Fields[]) {
    for (const expression of (term['matchExpressions'] ?? []) as Fields[]) {
      expression['key'] = NEWER_LABELS[expression['key']] ?? expression['key'];
    }
  }
  return copy;
}

function sourceOf(spec: Fields): Fields {
  return Object.fromEntries(sourceNames.filter((name) => spec[name] !== undefined).map((name) => [name, spec[name]]));
}

export function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const spec: Fields = object['spec'] ?? {};
  const old: Fields = previous['spec'] ?? {};
  const errors = validate(object);
  const source = structuredClone(sourceOf(spec));
  if (old['csi'] !== undefined && old['csi'].controllerExpandSecretRef === undefined) {
    delete source['csi']?.controllerExpandSecretRef;
  }
  if (!sameValue(source, sourceOf(old))) {
    const text = 'spec.persistentvolumesource is immutable after creation\n';
    errors.push(forbidden('spec.persistentvolumesource', text));
  }
  // The paths are upstream's, which begin at the spec.
  errors.push(...immutable('volumeMode', spec['volumeMode'], old['volumeMode']));
  const affinity: Fields | undefined = old['nodeAffinity'];
  if (affinity !== undefined && !sameValue(spec['nodeAffinity'], affinity)) {
    const moved = spec['nodeAffinity'] !== undefined && sameValue(spec['nodeAffinity'], withNewLabels(affinity));
    const text = `${IMMUTABLE}, except for updating from beta label to GA`;
    if (!moved) errors.push(invalid('nodeAffinity', spec['nodeAffinity'], text));
  }
  if (old['volumeAttributesClassName'] !== undefined && spec['volumeAttributesClassName'] === undefined) {
    errors.push(forbidden('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'));
  }
  return errors;
}

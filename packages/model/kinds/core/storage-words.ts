/** What PersistentVolumes and PersistentVolumeClaims have in common: access modes, volume modes, old annotations. */
import { type FieldError, forbidden, notSupported, required } from '../../field-error.ts';
import { dnsSubdomainProblems } from '../../metadata/names.ts';
import type { ApiObject } from '../../object.ts';
import { problems } from './pod/validation/scalars.ts';

/** Where the class stood before there was a field for it. */
export const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class';

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const VOLUME_MODES = ['Block', 'Filesystem'];
const SHORT_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

export function accessModeErrors(at: string, modes: readonly string[], missing: string): FieldError[] {
  const errors: FieldError[] = modes.length === 0 ? [required(at, missing)] : [];
  for (const mode of modes) if (!ACCESS_MODES.includes(mode)) errors.push(notSupported(at, mode, ACCESS_MODES));
  const others = modes.some((mode) => mode !== 'ReadWriteOncePod' && ACCESS_MODES.includes(mode));
  if (modes.includes('ReadWriteOncePod') && others) {
    errors.push(forbidden(at, 'may not use ReadWriteOncePod with other access modes'));
  }
  return errors;
}

/** Nothing for an absent mode. */
export function volumeModeErrors(at: string, mode: string | undefined): FieldError[] {
  return mode === undefined || VOLUME_MODES.includes(mode) ? [] : [notSupported(at, mode, VOLUME_MODES)];
}

/** The name of a StorageClass or VolumeAttributesClass; nothing for an absent or empty one. */
export function classNameErrors(at: string, name: string | undefined): FieldError[] {
  return name === undefined || name === '' ? [] : problems(at, name, dnsSubdomainProblems);
}

/** `RWO,ROX`, each mode once and always in this order. */
export function accessModesText(modes: readonly string[] | undefined): string {
  return Object.entries(SHORT_MODES)
    .filter(([mode]) => modes?.includes(mode) === true)
    .map(([, short]) => short)
    .join(',');
}

/** The StorageClass that a volume or claim names, by the old annotation or by its field; empty when by none. */
export function storageClassOf(object: Readonly<ApiObject>): string {
  return object.metadata?.annotations?.[BETA_CLASS] ?? object['spec']?.storageClassName ?? '';
}

export function betaClassWarnings(object: Readonly<ApiObject>): string[] {
  if (object.metadata?.annotations?.[BETA_CLASS] === undefined) return [];
  return [`metadata.annotations[${BETA_CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead`];
}

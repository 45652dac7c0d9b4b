/** Which volume a claim gets. Pure. */
import { matchesNodeSelector } from '@keelson/controller-kit';
import { quantityOrUndefined, selectorFromObject } from '@keelson/model';
import type { Node, PersistentVolume, PersistentVolumeClaim } from '@keelson/model/generated/types/core-v1.ts';
import { annotationOf, annotations } from './annotations.ts';

export function classOfVolume(volume: PersistentVolume): string {
  return annotationOf(volume, annotations.betaClass) ?? volume.spec?.storageClassName ?? '';
}

export function classOfClaim(claim: PersistentVolumeClaim): string {
  return annotationOf(claim, annotations.betaClass) ?? claim.spec?.storageClassName ?? '';
}

/** Whether the volume is kept for this claim: by its name, and by its uid if it names one. */
export function isKeptFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const reference = volume.spec?.claimRef;
  if (reference === undefined) return false;
  const { name, namespace, uid } = claim.metadata!;
  if (reference.name !== name || reference.namespace !== namespace) return false;
  return !reference.uid || reference.uid === uid;
}

const sizeOf = (text: string | undefined) => quantityOrUndefined(text ?? '0');

function fits(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const [size, wanted] = [sizeOf(volume.spec?.capacity?.storage), sizeOf(claim.spec?.resources?.requests?.storage)];
  return size !== undefined && wanted !== undefined && size.compare(wanted) >= 0;
}

function modeOf(object: PersistentVolume | PersistentVolumeClaim): string {
  return object.spec?.volumeMode ?? 'Filesystem';
}

export function isModeMismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return modeOf(volume) !== modeOf(claim);
}

function hasAccessModes(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const modes = volume.spec?.accessModes ?? [];
  return (claim.spec?.accessModes ?? []).every((mode) => modes.includes(mode));
}

/** Why a claim that names this volume cannot have it; undefined when it can. */
export function mismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (!fits(volume, claim)) return 'requested PV is too small';
  if (classOfVolume(volume) !== classOfClaim(claim)) return 'storageClassName does not match';
  if ((volume.spec?.volumeAttributesClassName ?? '') !== (claim.spec?.volumeAttributesClassName ?? '')) {
    return 'volumeAttributesClassName does not match';
  }
  if (isModeMismatch(volume, claim)) return 'incompatible volumeMode';
  return hasAccessModes(volume, claim) ? undefined : 'incompatible accessMode';
}

function isReachable(volume: PersistentVolume, node: Node | undefined): boolean {
  const required = volume.spec?.nodeAffinity?.required;
  return node === undefined || required === undefined || matchesNodeSelector(node, required);
}

/**
 * The smallest free volume that the claim can have, or one that is kept for it.
 * @param delayed the claim waits for its first pod: only a volume that is kept for it counts, until `node` is known
 */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  delayed: boolean,
  node?: Node,
): PersistentVolume | undefined {
  const selector = claim.spec?.selector;
  const labels = selector === undefined ? undefined : selectorFromObject(selector);
  let best: PersistentVolume | undefined;
  for (const volume of volumes) {
    if (volume.metadata?.deletionTimestamp !== undefined) continue;
    if (!fits(volume, claim) || isModeMismatch(volume, claim) || !isReachable(volume, node)) continue;
    if (isKeptFor(volume, claim)) return volume;
    if (volume.spec?.claimRef !== undefined || (delayed && node === undefined)) continue;
    if (volume.status?.phase !== 'Available') continue;
    if (labels !== undefined && !labels.matches(volume.metadata?.labels ?? {})) continue;
    if (mismatch(volume, claim) !== undefined) continue;
    if (best === undefined || isSmaller(volume, best)) best = volume;
  }
  return best;
}

function isSmaller(one: PersistentVolume, other: PersistentVolume): boolean {
  const order = sizeOf(one.spec?.capacity?.storage)!.compare(sizeOf(other.spec?.capacity?.storage)!);
  return order === 0 ? one.metadata!.name! < other.metadata!.name! : order < 0;
}

/** Writing down that a volume and a claim belong together: on both, each with its status. Every step is idempotent. */
import { type Client, kubernetesResources } from '@keelson/client';
import { sameValue } from '@keelson/model';
import type { PersistentVolume, PersistentVolumeClaim } from '@keelson/model/generated/types/core-v1.ts';
import { annotate, annotationOf, annotations } from './annotations.ts';
import { isKeptFor } from './match-volume.ts';

const { persistentVolumeClaims, persistentVolumes } = kubernetesResources;

export type VolumePhase = 'Available' | 'Bound' | 'Released' | 'Failed';

export class Binding {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** @returns the claim as it is then */
  async bind(volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<PersistentVolumeClaim> {
    const kept = await this.keepFor(volume, claim);
    await this.phase(kept, 'Bound');
    const named = await this.#nameVolume(kept, claim);
    return this.claimStatus(named, 'Bound', kept);
  }

  /** Has the volume's claimRef say this claim. */
  async keepFor(volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<PersistentVolume> {
    const { name, namespace, uid, resourceVersion } = claim.metadata!;
    if (isKeptFor(volume, claim) && volume.spec?.claimRef?.uid === uid) return volume;
    const own = !isKeptFor(volume, claim);
    const claimRef = { kind: 'PersistentVolumeClaim', namespace, name, uid, apiVersion: 'v1', resourceVersion };
    const next = { ...volume, spec: { ...volume.spec, claimRef } } as PersistentVolume;
    const marked = own ? annotate(next, { [annotations.boundByController]: 'yes' }) : next;
    return this.#client.resource(persistentVolumes).update(marked);
  }

  async #nameVolume(volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<PersistentVolumeClaim> {
    const own = claim.spec?.volumeName !== volume.metadata!.name;
    const done = annotationOf(claim, annotations.bindCompleted) !== undefined;
    if (!own && done) return claim;
    const next = { ...claim, spec: { ...claim.spec, volumeName: volume.metadata!.name! } } as PersistentVolumeClaim;
    const marked = annotate(next, {
      [annotations.bindCompleted]: 'yes',
      ...(own ? { [annotations.boundByController]: 'yes' } : {}),
    });
    return this.#client.resource(persistentVolumeClaims).update(marked);
  }

  async claimStatus(
    claim: PersistentVolumeClaim,
    phase: 'Pending' | 'Bound' | 'Lost',
    volume?: PersistentVolume,
  ): Promise<PersistentVolumeClaim> {
    const before = claim.status ?? {};
    const { accessModes: _, capacity: __, ...others } = before;
    const capacity = before.phase === 'Bound' && before.capacity ? before.capacity : volume?.spec?.capacity;
    const status = {
      ...others,
      phase,
      ...(volume?.spec?.accessModes === undefined ? {} : { accessModes: volume.spec.accessModes }),
      ...(volume === undefined || capacity === undefined ? {} : { capacity }),
    };
    if (sameValue(status, before)) return claim;
    return this.#client.resource(persistentVolumeClaims).updateStatus({ ...claim, status } as PersistentVolumeClaim);
  }

  /** `why` goes with Failed. */
  async phase(volume: PersistentVolume, phase: VolumePhase, why = ''): Promise<PersistentVolume> {
    if (volume.status?.phase === phase && (volume.status.message ?? '') === why) return volume;
    const { lastPhaseTransitionTime: _, message: __, ...others } = volume.status ?? {};
    const status = { ...others, phase, ...(why === '' ? {} : { message: why }) };
    return this.#client.resource(persistentVolumes).updateStatus({ ...volume, status } as PersistentVolume);
  }

  /** Frees a volume from a claim that is bound elsewhere; what a person wrote into claimRef stays. */
  async unbind(volume: PersistentVolume): Promise<void> {
    const { claimRef, ...spec } = volume.spec ?? {};
    const ours = annotationOf(volume, annotations.boundByController) !== undefined;
    const { uid: _, ...kept } = claimRef ?? {};
    const next = { ...volume, spec: ours ? spec : { ...spec, claimRef: kept } } as PersistentVolume;
    const free = annotate(next, { [annotations.boundByController]: undefined });
    await this.phase(await this.#client.resource(persistentVolumes).update(free), 'Available');
  }
}

/** What is done about a volume: free, bound, or left behind by its claim. */
import { kubernetesResources } from '@keelson/client';
import type { ControllerContext } from '@keelson/controller-kit';
import type { PersistentVolume, PersistentVolumeClaim } from '@keelson/model/generated/types/core-v1.ts';
import { annotationOf, annotations } from './annotations.ts';
import { Binding } from './binding.ts';
import type { StorageCaches } from './claim-sync.ts';
import { isModeMismatch } from './match-volume.ts';

const { persistentVolumeClaims } = kubernetesResources;

export class VolumeSync {
  readonly #context: ControllerContext;
  readonly #binding: Binding;
  readonly #caches: StorageCaches;

  constructor(context: ControllerContext, caches: StorageCaches) {
    this.#context = context;
    this.#binding = new Binding(context.client);
    this.#caches = caches;
  }

  async sync(volume: PersistentVolume): Promise<void> {
    const reference = volume.spec?.claimRef;
    if (reference === undefined || !reference.uid) {
      await this.#binding.phase(volume, 'Available');
      // A claim may wait for just this one.
      if (reference !== undefined) this.#context.queue.add(`claim:${reference.namespace}/${reference.name}`);
      return;
    }
    const claim = await this.#claimOf(volume);
    if (claim === undefined) return this.#leave(volume);
    const name = claim.spec?.volumeName ?? '';
    if (name === '') {
      if (isModeMismatch(volume, claim)) this.#sayMismatch(volume, claim);
      else this.#context.queue.add(`claim:${reference.namespace}/${reference.name}`);
      return;
    }
    if (name === volume.metadata!.name) {
      await this.#binding.phase(volume, 'Bound');
      return;
    }
    const provisioned = annotationOf(volume, annotations.provisionedBy) !== undefined;
    if (provisioned && volume.spec?.persistentVolumeReclaimPolicy === 'Delete') return this.#leave(volume);
    await this.#binding.unbind(volume);
  }

  /** The claim that the volume is bound to. A cache that lags must not make a volume Released: the server is asked. */
  async #claimOf(volume: PersistentVolume): Promise<PersistentVolumeClaim | undefined> {
    const { namespace, name, uid } = volume.spec!.claimRef!;
    const cached = this.#caches.claims.get(namespace, name!);
    if (cached?.metadata?.uid === uid) return cached;
    const { items } = await this.#context.client
      .resource(persistentVolumeClaims)
      .list({ namespace: namespace!, fieldSelector: `metadata.name=${name}` });
    return items.find((claim) => claim.metadata?.uid === uid);
  }

  /** Its claim is gone. Who made the volume deletes it; nobody else does. */
  async #leave(volume: PersistentVolume): Promise<void> {
    const phase = volume.status?.phase;
    if (phase === 'Failed') return;
    const released = await this.#binding.phase(volume, 'Released');
    if (volume.metadata?.deletionTimestamp !== undefined) return;
    const policy = volume.spec?.persistentVolumeReclaimPolicy;
    if (policy === 'Recycle') {
      await this.#fail(released, 'VolumeFailedRecycle', 'No recycler plugin found for the volume!');
    } else if (policy === 'Delete' && !isExternal(volume)) {
      const text = `error getting deleter volume plugin for volume "${volume.metadata!.name}": no deletable volume plugin matched`;
      await this.#fail(released, 'VolumeFailedDelete', text);
    }
  }

  async #fail(volume: PersistentVolume, reason: string, text: string): Promise<void> {
    const failed = await this.#binding.phase(volume, 'Failed', text);
    this.#context.recorder.event(failed, 'Warning', reason, text);
  }

  #sayMismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): void {
    const { recorder } = this.#context;
    const [own, other] = [volume.metadata!.name, claim.metadata!.name];
    const text = `Cannot bind PersistentVolume to requested PersistentVolumeClaim "${other}" due to incompatible volumeMode.`;
    recorder.event(volume, 'Warning', 'VolumeMismatch', text);
    const same = `Cannot bind PersistentVolume "${own}" to requested PersistentVolumeClaim due to incompatible volumeMode.`;
    recorder.event(claim, 'Warning', 'VolumeMismatch', same);
  }
}

/** Made by a provisioner of its own, which deletes it as well. */
function isExternal(volume: PersistentVolume): boolean {
  if (annotationOf(volume, annotations.migratedTo) !== undefined || volume.spec?.csi !== undefined) return true;
  const by = annotationOf(volume, annotations.provisionedBy);
  return by !== undefined && !by.startsWith('kubernetes.io/');
}

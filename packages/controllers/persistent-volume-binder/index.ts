import { isConflict, isNotFound, kubernetesResources, type SharedCache } from '@keelson/client';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@keelson/model/generated/types/core-v1.ts';
import type { StorageClass } from '@keelson/model/generated/types/storage-v1.ts';
import { ClaimSync } from './claim-sync.ts';
import { VolumeSync } from './volume-sync.ts';

const { nodes, persistentVolumeClaims, persistentVolumes, pods, storageClasses } = kubernetesResources;
const byClaim = 'claims that pods name';

function claimsOf(pod: Pod): string[] {
  const { namespace, name } = pod.metadata!;
  return (pod.spec?.volumes ?? []).flatMap((volume) => {
    if (volume.persistentVolumeClaim !== undefined) return [`${namespace}/${volume.persistentVolumeClaim.claimName}`];
    return volume.ephemeral === undefined ? [] : [`${namespace}/${name}-${volume.name}`];
  });
}

/**
 * Binds claims to volumes that exist, marks claims for external provisioners, and says of both how they are. It makes
 * and deletes no volume. One key at a time, `claim:namespace/name` or `volume:name`, so that no two claims get one volume.
 */
export class PersistentVolumeBinder implements Controller {
  readonly name = 'persistentvolume-controller';
  readonly workers = 1;
  #context!: ControllerContext;
  #volumes!: SharedCache<PersistentVolume>;
  #claims!: SharedCache<PersistentVolumeClaim>;
  #claimSync!: ClaimSync;
  #volumeSync!: VolumeSync;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#volumes = context.caches.of(persistentVolumes);
    this.#claims = context.caches.of(persistentVolumeClaims);
    const classes = context.caches.of(storageClasses);
    const all = context.caches.of(pods);
    const index = all.index(byClaim, claimsOf);
    const caches = {
      volumes: this.#volumes,
      claims: this.#claims,
      classes,
      pods: all,
      nodes: context.caches.of(nodes),
      podsOf: (claim: string) => index.get(claim),
    };
    this.#claimSync = new ClaimSync(context, caches);
    this.#volumeSync = new VolumeSync(context, caches);
    this.#volumes.onChange((before, now) => this.#volumeChanged(before, now));
    this.#claims.onChange((before, now) => this.#claimChanged(before, now));
    classes.onChange((_, now) => this.#classChanged(now));
    all.onChange((before, now) => this.#podChanged(before, now));
  }

  async reconcile(key: string): Promise<number | undefined> {
    const colon = key.indexOf(':');
    const [what, rest] = [key.slice(0, colon), key.slice(colon + 1)];
    try {
      if (what === 'volume') {
        const volume = this.#volumes.get(undefined, rest);
        if (volume !== undefined) await this.#volumeSync.sync(volume);
        return undefined;
      }
      const [namespace, name] = rest.split('/') as [string, string];
      const claim = this.#claims.get(namespace, name);
      return claim === undefined ? undefined : await this.#claimSync.sync(claim);
    } catch (thrown) {
      // The cache was behind: the change that it has not seen yet brings the key again, and so does a while.
      if (isConflict(thrown) || isNotFound(thrown)) return 1000;
      throw thrown;
    }
  }

  #volumeChanged(before: PersistentVolume | undefined, now: PersistentVolume | undefined): void {
    const { queue } = this.#context;
    const name = (now ?? before)!.metadata!.name!;
    queue.add(`volume:${name}`);
    const reference = (now ?? before)!.spec?.claimRef;
    if (reference !== undefined) queue.add(`claim:${reference.namespace}/${reference.name}`);
    // A volume has become free: whoever waits may take it.
    const free = now?.status?.phase === 'Available' && before?.status?.phase !== 'Available';
    if (free) this.#addWaiting(() => true);
  }

  #claimChanged(before: PersistentVolumeClaim | undefined, now: PersistentVolumeClaim | undefined): void {
    const { queue } = this.#context;
    const { namespace, name } = (now ?? before)!.metadata!;
    if (now !== undefined) queue.add(`claim:${namespace}/${name}`);
    const volume = (now ?? before)!.spec?.volumeName;
    if (volume) queue.add(`volume:${volume}`);
    if (now === undefined) {
      for (const one of this.#volumes.list()) {
        const reference = one.spec?.claimRef;
        if (reference?.namespace === namespace && reference?.name === name) queue.add(`volume:${one.metadata!.name}`);
      }
    }
  }

  #classChanged(now: StorageClass | undefined): void {
    const name = now?.metadata?.name;
    if (name === undefined) return;
    this.#addWaiting(({ spec }) => spec?.storageClassName === undefined || spec.storageClassName === name);
  }

  #podChanged(before: Pod | undefined, now: Pod | undefined): void {
    if (before?.spec?.nodeName === now?.spec?.nodeName && before !== undefined) return;
    for (const claim of now === undefined ? [] : claimsOf(now)) {
      const [namespace, name] = claim.split('/') as [string, string];
      if (this.#claims.get(namespace, name)?.status?.phase === 'Pending') this.#context.queue.add(`claim:${claim}`);
    }
  }

  #addWaiting(which: (claim: PersistentVolumeClaim) => boolean): void {
    for (const claim of this.#claims.list()) {
      if (claim.status?.phase === 'Bound' || !which(claim)) continue;
      this.#context.queue.add(`claim:${claim.metadata!.namespace}/${claim.metadata!.name}`);
    }
  }
}

import { isConflict, isNotFound, kubernetesResources, type SharedCache } from '@keelson/client';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import { isPodFinished } from '@keelson/controller-kit';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@keelson/model/generated/types/core-v1.ts';

const { persistentVolumeClaims, persistentVolumes, pods } = kubernetesResources;
const volumeFinalizer = 'kubernetes.io/pv-protection';
const claimFinalizer = 'kubernetes.io/pvc-protection';
/** How the claims are found that a pod uses. */
const byClaim = 'claims of pods';

function without<T extends PersistentVolume | PersistentVolumeClaim>(object: T, finalizer: string): T {
  const finalizers = (object.metadata?.finalizers ?? []).filter((one) => one !== finalizer);
  return { ...object, metadata: { ...object.metadata, finalizers } };
}

function withFinalizer<T extends PersistentVolume | PersistentVolumeClaim>(object: T, finalizer: string): T {
  return {
    ...object,
    metadata: { ...object.metadata, finalizers: [...(object.metadata?.finalizers ?? []), finalizer] },
  };
}

/** Somebody else was faster, or it is gone: the change that says so brings the key again. */
async function unlessOvertaken(write: Promise<unknown>): Promise<void> {
  await write.catch((thrown) => {
    if (!isConflict(thrown) && !isNotFound(thrown)) throw thrown;
  });
}

/** Lets a volume that is being deleted go when no claim is bound to it. */
export class PersistentVolumeProtectionController implements Controller {
  readonly name = 'pv-protection-controller';
  #context!: ControllerContext;
  #volumes!: SharedCache<PersistentVolume>;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#volumes = context.caches.of(persistentVolumes);
    this.#volumes.onChange((_, now) => {
      if (now !== undefined) context.queue.add(now.metadata!.name!);
    });
  }

  async reconcile(name: string): Promise<number | undefined> {
    const volume = this.#volumes.get(undefined, name);
    if (volume === undefined) return undefined;
    const held = volume.metadata?.finalizers?.includes(volumeFinalizer) === true;
    const going = volume.metadata?.deletionTimestamp !== undefined;
    const client = this.#context.client.resource(persistentVolumes);
    if (going && held && volume.status?.phase !== 'Bound') {
      await unlessOvertaken(client.update(without(volume, volumeFinalizer)));
    } else if (!going && !held) {
      await unlessOvertaken(client.update(withFinalizer(volume, volumeFinalizer)));
    }
    return undefined;
  }
}

/** The claims that a pod keeps: those it names, and those made for it as long as it runs. */
function claimsOf(pod: Pod): string[] {
  // Before it has a node no kubelet uses them, and none would begin with a claim that is being deleted.
  if (!pod.spec?.nodeName) return [];
  const { namespace, name } = pod.metadata!;
  return (pod.spec.volumes ?? []).flatMap((volume) => {
    if (volume.persistentVolumeClaim !== undefined) return [`${namespace}/${volume.persistentVolumeClaim.claimName}`];
    return volume.ephemeral !== undefined && !isPodFinished(pod) ? [`${namespace}/${name}-${volume.name}`] : [];
  });
}

/** Lets a claim that is being deleted go when no pod uses it. */
export class PersistentVolumeClaimProtectionController implements Controller {
  readonly name = 'pvc-protection-controller';
  #context!: ControllerContext;
  #claims!: SharedCache<PersistentVolumeClaim>;
  #pods!: SharedCache<Pod>;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#claims = context.caches.of(persistentVolumeClaims);
    this.#pods = context.caches.of(pods);
    this.#pods.index(byClaim, claimsOf);
    this.#claims.onChange((_, now) => {
      if (now !== undefined) context.queue.add(`${now.metadata!.namespace}/${now.metadata!.name}`);
    });
    this.#pods.onChange((before, now) => {
      const kept = new Set(now === undefined ? [] : claimsOf(now));
      for (const claim of before === undefined ? [] : claimsOf(before)) if (!kept.has(claim)) context.queue.add(claim);
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const [namespace, name] = key.split('/') as [string, string];
    const claim = this.#claims.get(namespace, name);
    if (claim === undefined) return undefined;
    const held = claim.metadata?.finalizers?.includes(claimFinalizer) === true;
    const going = claim.metadata?.deletionTimestamp !== undefined;
    const client = this.#context.client.resource(persistentVolumeClaims);
    if (going && held && !(await this.#isUsed(namespace, key))) {
      await unlessOvertaken(client.update(without(claim, claimFinalizer)));
    } else if (!going && !held) {
      await unlessOvertaken(client.update(withFinalizer(claim, claimFinalizer)));
    }
    return undefined;
  }

  /** The server is asked too before a claim goes: a pod may have got its node a moment ago. */
  async #isUsed(namespace: string, key: string): Promise<boolean> {
    if (this.#pods.index(byClaim, claimsOf).get(key).length > 0) return true;
    const { items } = await this.#context.client.resource(pods).list({ namespace });
    return items.some((pod) => claimsOf(pod).includes(key));
  }
}

import { isAlreadyExists, kubernetesResources, type SharedCache } from '@keelson/client';
import { type Controller, type ControllerContext, isNamespaceTerminating } from '@keelson/controller-kit';
import type { PersistentVolumeClaim, Pod, Volume } from '@keelson/model/generated/types/core-v1.ts';

const { persistentVolumeClaims, pods } = kubernetesResources;

/** Makes the claims of pods' ephemeral volumes. The pod owns them: they go when it goes. */
export class EphemeralVolumeController implements Controller {
  readonly name = 'ephemeral_volume';
  #context!: ControllerContext;
  #pods!: SharedCache<Pod>;
  #claims!: SharedCache<PersistentVolumeClaim>;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#pods = context.caches.of(pods);
    this.#claims = context.caches.of(persistentVolumeClaims);
    this.#pods.onChange((_, now) => {
      if (now === undefined || now.metadata?.deletionTimestamp !== undefined) return;
      const some = now.spec?.volumes?.some((volume) => volume.ephemeral !== undefined);
      if (some) context.queue.add(`${now.metadata!.namespace}/${now.metadata!.name}`);
    });
    this.#claims.onChange((before, now) => {
      // A claim that was taken away under its pod is made again.
      if (now !== undefined) return;
      const owner = before?.metadata?.ownerReferences?.find(({ kind, controller }) => kind === 'Pod' && controller);
      if (owner !== undefined) context.queue.add(`${before!.metadata!.namespace}/${owner.name}`);
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const [namespace, name] = key.split('/') as [string, string];
    const pod = this.#pods.get(namespace, name);
    if (pod === undefined || pod.metadata?.deletionTimestamp !== undefined) return undefined;
    for (const volume of pod.spec?.volumes ?? []) if (volume.ephemeral !== undefined) await this.#ensure(pod, volume);
    return undefined;
  }

  async #ensure(pod: Pod, volume: Volume): Promise<void> {
    const { namespace, name, uid } = pod.metadata!;
    const claim = `${name}-${volume.name}`;
    const present = this.#claims.get(namespace, claim);
    if (present !== undefined) {
      const ours = present.metadata?.ownerReferences?.some((owner) => owner.uid === uid && owner.controller);
      if (ours) return;
      const why = `PVC ${namespace}/${claim} was not created for pod ${namespace}/${name} (pod is not owner)`;
      this.#context.recorder.event(pod, 'Warning', 'FailedBinding', `ephemeral volume ${volume.name}: ${why}`);
      throw new Error(why);
    }
    const { metadata, spec } = volume.ephemeral!.volumeClaimTemplate!;
    const owner = { apiVersion: 'v1', kind: 'Pod', name: name!, uid: uid!, controller: true, blockOwnerDeletion: true };
    try {
      await this.#context.client.resource(persistentVolumeClaims).create({
        metadata: {
          name: claim,
          namespace: namespace!,
          ownerReferences: [owner],
          ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
          ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
        },
        spec,
      });
    } catch (thrown) {
      if (!isAlreadyExists(thrown) && !isNamespaceTerminating(thrown)) throw thrown;
    }
  }
}

import { messageOf } from '@keelson/base';
import { isNotFound, type ResourceRef } from '@keelson/client';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import type { LabelSelector } from '@keelson/model/selectors/label-selector.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { podsToDelete } from './deletion-ranking.ts';
import { OwnedPods } from './owned-pods.ts';
import { controllerOf, controllerReference, controllerUidOrOrphan } from './owner-references.ts';
import { podFromTemplate } from './pod-from-template.ts';
import { isPodActive } from './pod-state.ts';
import { type ManageFailure, type ReplicaOwner, replicaStatus, sameReplicaStatus } from './replica-status.ts';

/** How many pods one pass makes or deletes at most. */
const burst = 500;

/** A kind whose objects want so many active pods. */
export interface ReplicaKind<T extends ReplicaOwner> {
  /** The controller's name in Events. */
  readonly name: string;
  readonly ref: ResourceRef<T>;
  readonly selectorOf: (owner: T) => LabelSelector;
}

/** Keeps as many active pods as each owner of one kind asks for. */
export class ReplicaController<T extends ReplicaOwner> implements Controller {
  readonly name: string;
  readonly #kind: ReplicaKind<T>;
  #context!: ControllerContext;
  #owned!: OwnedPods<T>;

  constructor(kind: ReplicaKind<T>) {
    this.name = kind.name;
    this.#kind = kind;
  }

  start(context: ControllerContext): void {
    this.#context = context;
    this.#owned = new OwnedPods({ context, ...this.#kind });
    this.#owned.owners.index('controller', controllerUidOrOrphan);
  }

  async reconcile(key: string): Promise<number | undefined> {
    const owner = this.#owned.ownerAt(key);
    if (owner === undefined) return undefined;
    const settled = this.#owned.settled(key);
    const owned = (await this.#owned.claim(owner)).filter(isPodActive);
    const active = owner.metadata?.deletionTimestamp === undefined;
    const failure = settled && active ? await this.#manage(owner, owned) : undefined;
    return this.#report(owner, owned, failure);
  }

  async #manage(owner: T, owned: readonly Pod[]): Promise<ManageFailure | undefined> {
    const missing = (owner.spec?.replicas ?? 1) - owned.length;
    if (missing === 0) return undefined;
    const { error } =
      missing > 0 ? await this.#create(owner, missing) : await this.#delete(owner, owned, Math.min(-missing, burst));
    if (error === undefined) return undefined;
    // The status tells of it first; the error comes out of `reconcile` after that.
    return { reason: missing > 0 ? 'FailedCreate' : 'FailedDelete', message: messageOf(error) };
  }

  #create(owner: T, missing: number) {
    const { name, namespace } = owner.metadata!;
    const reference = controllerReference(owner, this.#kind.ref);
    const make = () => podFromTemplate({ name: name!, namespace: namespace! }, owner.spec?.template, reference);
    return this.#owned.apply(owner, { create: Math.min(missing, burst), make });
  }

  #delete(owner: T, owned: readonly Pod[], count: number) {
    const nodes = this.#podsByNode(owner);
    const ranked = owned.map((pod) => ({ pod, neighbours: nodes.get(pod.spec?.nodeName ?? '') ?? 0 }));
    return this.#owned.apply(owner, { remove: podsToDelete(ranked, count, this.#context.world.clock.now()) });
  }

  /** Node to the number of active pods there of this owner and of those that have the same owner in turn. */
  #podsByNode(owner: T): Map<string, number> {
    const above = controllerOf(owner);
    const kin = above ? this.#owned.owners.index('controller', controllerUidOrOrphan).get(above.uid) : [owner];
    const counts = new Map<string, number>();
    for (const one of kin)
      for (const pod of this.#owned.controlledBy(one)) {
        const node = pod.spec?.nodeName ?? '';
        if (isPodActive(pod)) counts.set(node, (counts.get(node) ?? 0) + 1);
      }
    return counts;
  }

  async #report(owner: T, owned: readonly Pod[], failure: ManageFailure | undefined): Promise<number | undefined> {
    const status = replicaStatus(owner, owned, failure, this.#context.world.clock.now());
    if (!sameReplicaStatus(owner.status, status)) {
      await this.#context.client
        .resource(this.#kind.ref)
        .updateStatus({ ...owner, status })
        .catch((thrown) => {
          if (!isNotFound(thrown)) throw thrown;
        });
    }
    if (failure !== undefined) throw new Error(failure.message);
    const minReadySeconds = owner.spec?.minReadySeconds ?? 0;
    const waiting = minReadySeconds > 0 && (status.availableReplicas ?? 0) < (status.readyReplicas ?? 0);
    return waiting ? minReadySeconds * 1000 : undefined;
  }
}

import { messageOf } from '@keelson/base';
import { isNotFound, keyOf, kubernetesResources, type SharedCache, splitKey } from '@keelson/client';
import {
  ChangeBatches,
  type Controller,
  type ControllerContext,
  claim,
  controllerOf,
  controllerReference,
  controllerUidOrOrphan,
  Expectations,
  isNamespaceTerminating,
  isPodActive,
  podFromTemplate,
  slowStart,
} from '@keelson/controller-kit';
import type { ReplicaSet } from '@keelson/model/generated/types/apps-v1.ts';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { selectorFromObject } from '@keelson/model/selectors/label-selector.ts';
import { podsToDelete } from './deletion-ranking.ts';
import { type ManageFailure, replicaSetStatus, sameStatus } from './status.ts';

const { pods, replicaSets } = kubernetesResources;
/** How many pods one pass makes or deletes at most. */
const burst = 500;

/** Keeps as many active pods as each ReplicaSet asks for. */
export class ReplicaSetController implements Controller {
  readonly name = 'replicaset-controller';
  readonly #batches = new ChangeBatches();
  #context!: ControllerContext;
  #replicaSets!: SharedCache<ReplicaSet>;
  #pods!: SharedCache<Pod>;
  #expectations!: Expectations;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#replicaSets = context.caches.of(replicaSets);
    this.#pods = context.caches.of(pods);
    this.#expectations = new Expectations(context.world.clock);
    this.#pods.index('controller', controllerUidOrOrphan);
    this.#replicaSets.index('controller', controllerUidOrOrphan);
    this.#replicaSets.onChange((before, now) => {
      const replicaSet = (now ?? before)!;
      if (now === undefined || (before !== undefined && before.metadata?.uid !== now.metadata?.uid))
        this.#expectations.forget(keyOf(replicaSet));
      context.queue.add(keyOf(replicaSet));
    });
    this.#pods.onChange((before, now) => this.#podChanged(before, now));
  }

  #podChanged(before: Pod | undefined, now: Pod | undefined): void {
    const pod = (now ?? before)!;
    const key = this.#ownerKey(pod);
    const gone = now === undefined || now.metadata?.deletionTimestamp !== undefined;
    if (gone) this.#expectations.deleted(key, pod.metadata?.uid);
    else if (before === undefined) this.#expectations.created(key);
    if (before !== undefined && now !== undefined) {
      const former = this.#ownerKey(before);
      if (former !== undefined && former !== key) this.#context.queue.add(former);
    }
    if (key !== undefined) this.#context.queue.addAfter(key, this.#batches.delay(key));
    else if (!gone && controllerOf(pod) === undefined)
      for (const candidate of this.#replicaSets.list(pod.metadata?.namespace))
        if (selectorFromObject(candidate.spec?.selector).matches(pod.metadata?.labels))
          this.#context.queue.add(keyOf(candidate));
  }

  /** The key of the ReplicaSet that manages the pod, if it is still the same one. */
  #ownerKey(pod: Pod): string | undefined {
    const reference = controllerOf(pod);
    if (reference?.kind !== 'ReplicaSet') return undefined;
    const replicaSet = this.#replicaSets.get(pod.metadata?.namespace, reference.name);
    return replicaSet?.metadata?.uid === reference.uid ? keyOf(replicaSet) : undefined;
  }

  async reconcile(key: string): Promise<number | undefined> {
    const { namespace, name } = splitKey(key);
    const replicaSet = this.#replicaSets.get(namespace, name);
    if (replicaSet === undefined) {
      this.#expectations.forget(key);
      this.#batches.forget(key);
      return undefined;
    }
    const settled = this.#expectations.satisfied(key);
    const owned = (await this.#ownPods(replicaSet)).filter(isPodActive);
    this.#batches.note(key, owned.length);
    const active = replicaSet.metadata?.deletionTimestamp === undefined;
    const failure = settled && active ? await this.#manage(key, replicaSet, owned) : undefined;
    return this.#report(replicaSet, owned, failure);
  }

  async #ownPods(replicaSet: ReplicaSet): Promise<Pod[]> {
    const index = this.#pods.index('controller', controllerUidOrOrphan);
    const selector = selectorFromObject(replicaSet.spec?.selector);
    const orphans = index
      .get(`orphan/${replicaSet.metadata?.namespace}`)
      .filter((pod) => isPodActive(pod) && selector.matches(pod.metadata?.labels));
    return claim(
      {
        client: this.#context.client,
        owner: replicaSet,
        ownerRef: replicaSets,
        ref: pods,
        matches: (pod) => selector.matches(pod.metadata?.labels),
      },
      [...index.get(replicaSet.metadata!.uid!), ...orphans],
    );
  }

  async #manage(key: string, replicaSet: ReplicaSet, owned: readonly Pod[]): Promise<ManageFailure | undefined> {
    const missing = (replicaSet.spec?.replicas ?? 1) - owned.length;
    try {
      if (missing > 0) await this.#create(key, replicaSet, Math.min(missing, burst));
      else if (missing < 0) await this.#delete(key, replicaSet, owned, Math.min(-missing, burst));
      return undefined;
    } catch (thrown) {
      // The status tells of it first; the error comes out of `reconcile` after that.
      const reason = missing > 0 ? 'FailedCreate' : 'FailedDelete';
      return { reason, message: messageOf(thrown) };
    }
  }

  async #create(key: string, replicaSet: ReplicaSet, count: number): Promise<void> {
    const { recorder, client } = this.#context;
    const { name, namespace } = replicaSet.metadata!;
    const reference = controllerReference(replicaSet, replicaSets);
    this.#expectations.expect(key, count);
    const outcome = await slowStart(count, async () => {
      try {
        const owner = { name: name!, namespace: namespace! };
        const pod = await client.resource(pods).create(podFromTemplate(owner, replicaSet.spec?.template, reference));
        recorder.event(replicaSet, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata?.name}`);
      } catch (thrown) {
        this.#expectations.created(key);
        if (isNamespaceTerminating(thrown)) return;
        recorder.event(replicaSet, 'Warning', 'FailedCreate', `Error creating: ${messageOf(thrown)}`);
        throw thrown;
      }
    });
    for (let index = 0; index < outcome.skipped; index++) this.#expectations.created(key);
    if (outcome.error !== undefined) throw outcome.error;
  }

  async #delete(key: string, replicaSet: ReplicaSet, owned: readonly Pod[], count: number): Promise<void> {
    const { recorder, client, world } = this.#context;
    const nodes = this.#podsByNode(replicaSet);
    const ranked = owned.map((pod) => ({ pod, neighbours: nodes.get(pod.spec?.nodeName ?? '') ?? 0 }));
    const going = podsToDelete(ranked, count, world.clock.now());
    this.#expectations.expect(
      key,
      0,
      going.map((pod) => pod.metadata!.uid!),
    );
    const results = await Promise.allSettled(
      going.map(async ({ metadata }) => {
        try {
          const preconditions = { uid: metadata!.uid! };
          await client.resource(pods).delete(metadata!.name!, metadata!.namespace, { preconditions });
          recorder.event(replicaSet, 'Normal', 'SuccessfulDelete', `Deleted pod: ${metadata!.name}`);
        } catch (thrown) {
          this.#expectations.deleted(key, metadata!.uid);
          if (isNotFound(thrown)) return;
          recorder.event(replicaSet, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(thrown)}`);
          throw thrown;
        }
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Node to the number of active pods there of this ReplicaSet and of those with the same owner. */
  #podsByNode(replicaSet: ReplicaSet): Map<string, number> {
    const owner = controllerOf(replicaSet);
    const kin = owner ? this.#replicaSets.index('controller', controllerUidOrOrphan).get(owner.uid) : [replicaSet];
    const counts = new Map<string, number>();
    for (const { metadata } of kin)
      for (const pod of this.#pods.index('controller', controllerUidOrOrphan).get(metadata!.uid!)) {
        const node = pod.spec?.nodeName ?? '';
        if (isPodActive(pod)) counts.set(node, (counts.get(node) ?? 0) + 1);
      }
    return counts;
  }

  async #report(
    replicaSet: ReplicaSet,
    owned: readonly Pod[],
    failure: ManageFailure | undefined,
  ): Promise<number | undefined> {
    const status = replicaSetStatus(replicaSet, owned, failure, this.#context.world.clock.now());
    if (!sameStatus(replicaSet.status, status)) {
      await this.#context.client
        .resource(replicaSets)
        .updateStatus({ ...replicaSet, status })
        .catch((thrown) => {
          if (!isNotFound(thrown)) throw thrown;
        });
    }
    if (failure !== undefined) throw new Error(failure.message);
    const minReadySeconds = replicaSet.spec?.minReadySeconds ?? 0;
    const waiting = minReadySeconds > 0 && (status.availableReplicas ?? 0) < (status.readyReplicas ?? 0);
    return waiting ? minReadySeconds * 1000 : undefined;
  }
}

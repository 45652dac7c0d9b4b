import { isNotFound, kubernetesResources, type SharedCache } from '@keelson/client';
import {
  type Controller,
  type ControllerContext,
  claimRevisions,
  controllerUidOrOrphan,
  OwnedPods,
  revisionTemplate,
  syncRevision,
  trimRevisions,
} from '@keelson/controller-kit';
import type { ControllerRevision, StatefulSet } from '@keelson/model/generated/types/apps-v1.ts';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { selectorFromObject } from '@keelson/model/selectors/label-selector.ts';
import { PodClaims } from './claims.ts';
import { planStatefulSet, type StatefulPlan } from './plan.ts';
import { identityPatch, ordinalOf, podFor, replicasOf, revisionLabel, startOrdinal } from './pods.ts';
import { type Revisions, sameStatus, statefulSetStatus } from './status.ts';

const { controllerRevisions, pods, statefulSets } = kubernetesResources;
const hashLabel = 'controller.kubernetes.io/hash';
/** How often another name is tried for a revision whose name is taken. */
const nameTries = 10;
/** When to look again for a claim that is to go before its pod can be made anew, in milliseconds. */
const staleWait = 1000;

/** The templates of the two revisions that pods are made of. */
interface History extends Revisions {
  readonly owned: readonly ControllerRevision[];
  readonly currentTemplate: ControllerRevision;
  readonly updateTemplate: ControllerRevision;
}

/** Keeps the pods of each StatefulSet: with lasting names and claims, one after the other unless it says otherwise. */
export class StatefulSetController implements Controller {
  readonly name = 'statefulset-controller';
  #context!: ControllerContext;
  #owned!: OwnedPods<StatefulSet>;
  #revisions!: SharedCache<ControllerRevision>;
  #claims!: PodClaims;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#owned = new OwnedPods({
      context,
      ref: statefulSets,
      selectorOf: ({ spec }) => selectorFromObject(spec?.selector),
      describe(verb, pod, set, error) {
        const what = `${verb} Pod ${pod} in StatefulSet ${set.metadata!.name}`;
        return error === undefined ? `${what} successful` : `${what} failed error: ${error}`;
      },
    });
    this.#revisions = context.caches.of(controllerRevisions);
    this.#revisions.index('controller', controllerUidOrOrphan);
    this.#claims = new PodClaims(context);
  }

  async reconcile(key: string): Promise<number | undefined> {
    const set = this.#owned.ownerAt(key);
    if (set === undefined) return undefined;
    const settled = this.#owned.settled(key);
    const owned = await this.#owned.claim(set, (pod) => ordinalOf(set, pod) !== undefined);
    const history = await this.#history(set);
    const now = this.#context.world.clock.now();
    let failure: unknown;
    let wait: number | undefined;
    if (settled && set.metadata?.deletionTimestamp === undefined) {
      const plan = planStatefulSet({ set, pods: owned, updateRevision: history.update, now });
      try {
        wait = await this.#carryOut(set, plan, history);
      } catch (thrown) {
        // The status tells how far it came before the error has the key come back.
        failure = thrown;
      }
    }
    const waiting = await this.#report(set, owned, history, now);
    if (failure !== undefined) throw failure;
    await this.#trim(set, owned, history);
    return wait ?? waiting;
  }

  /** The revision of the present template, made if need be, and the one that the last finished rollout was of. */
  async #history(set: StatefulSet): Promise<History> {
    const selector = selectorFromObject(set.spec?.selector);
    const owned = await claimRevisions(this.#context.client, set, statefulSets, selector, this.#revisions);
    let collisionCount = set.status?.collisionCount ?? 0;
    for (let tries = 0; tries < nameTries; tries++, collisionCount++) {
      const source = { owner: set, ref: statefulSets, template: set.spec!.template, hashLabel, collisionCount };
      const update = await syncRevision(this.#context.client, source, owned);
      if (update === undefined) continue;
      const current = owned.find(({ metadata }) => metadata?.name === set.status?.currentRevision) ?? update;
      return {
        owned,
        current: current.metadata!.name!,
        update: update.metadata!.name!,
        collisionCount,
        currentTemplate: current,
        updateTemplate: update,
      };
    }
    throw new Error(`no name is free for a revision of statefulset ${set.metadata!.name}`);
  }

  /** Milliseconds to look again in, if something has to go by itself first. */
  async #carryOut(set: StatefulSet, plan: StatefulPlan, history: History): Promise<number | undefined> {
    for (const [ordinal, pod] of plan.keep) {
      await this.#claims.ensure(set, pod, ordinal, pod.status?.phase === 'Pending');
      const patch = identityPatch(set, pod, ordinal);
      if (patch !== undefined)
        await this.#context.client.resource(pods).patch(pod.metadata!.name!, pod.metadata!.namespace, patch);
    }
    for (const [ordinal, pod] of plan.condemned) await this.#claims.ensure(set, pod, ordinal, false);
    const create = plan.create.filter((ordinal) => !this.#claims.stale(set, ordinal));
    for (const ordinal of create) await this.#claims.ensure(set, undefined, ordinal, true);
    const make = (position: number) => this.#podFor(set, create[position]!, history);
    if (create.length > 0 || plan.remove.length > 0) {
      const { error } = await this.#owned.apply(set, { create: create.length, make, remove: plan.remove });
      if (error !== undefined) throw error;
    }
    return create.length < plan.create.length ? staleWait : undefined;
  }

  /** Below the partition pods are made of the revision that they had. */
  #podFor(set: StatefulSet, ordinal: number, history: History): Pod {
    const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
    const partition = type === 'RollingUpdate' ? (rollingUpdate?.partition ?? 0) : 0;
    const revision = ordinal - startOrdinal(set) < partition ? history.currentTemplate : history.updateTemplate;
    return podFor(set, ordinal, revisionTemplate(revision), revision.metadata!.name!);
  }

  async #report(set: StatefulSet, owned: readonly Pod[], history: History, now: number): Promise<number | undefined> {
    const status = statefulSetStatus(set, owned, history, now);
    if (!sameStatus(set.status, status)) {
      await this.#context.client
        .resource(statefulSets)
        .updateStatus({ ...set, status })
        .catch((thrown) => {
          if (!isNotFound(thrown)) throw thrown;
        });
    }
    const seconds = set.spec?.minReadySeconds ?? 0;
    return seconds > 0 && status.availableReplicas !== replicasOf(set) ? seconds * 1000 : undefined;
  }

  async #trim(set: StatefulSet, owned: readonly Pod[], history: History): Promise<void> {
    const live = new Set([
      history.current,
      history.update,
      ...owned.map((pod) => pod.metadata?.labels?.[revisionLabel]),
    ]);
    const isLive = ({ metadata }: ControllerRevision) => live.has(metadata?.name);
    await trimRevisions(this.#context.client, history.owned, isLive, set.spec?.revisionHistoryLimit ?? 10);
  }
}

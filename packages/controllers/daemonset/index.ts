import { isNotFound, keyOf, kubernetesResources, type SharedCache, splitKey } from '@keelson/client';
import {
  type Controller,
  type ControllerContext,
  claimRevisions,
  controllerReference,
  controllerUidOrOrphan,
  isPodFinished,
  OwnedPods,
  podFromTemplate,
  trimRevisions,
} from '@keelson/controller-kit';
import type { ControllerRevision, DaemonSet } from '@keelson/model/generated/types/apps-v1.ts';
import type { Node, Pod } from '@keelson/model/generated/types/core-v1.ts';
import { selectorFromObject } from '@keelson/model/selectors/label-selector.ts';
import { nodeOf, specFor } from './placement.ts';
import { type DaemonPlan, type DaemonView, hashLabel, planPlacement, planUpdate } from './plan.ts';
import { presentRevision } from './revision.ts';
import { daemonSetStatus, sameStatus } from './status.ts';

const { controllerRevisions, daemonSets, nodes } = kubernetesResources;
const burst = 250;
const endingsLimit = 10_000;
const generationAnnotation = 'deprecated.daemonset.template.generation';

/** Keeps one pod of each DaemonSet on every node that it is for. */
export class DaemonSetController implements Controller {
  readonly name = 'daemonset-controller';
  #context!: ControllerContext;
  #owned!: OwnedPods<DaemonSet>;
  #nodes!: SharedCache<Node>;
  #revisions!: SharedCache<ControllerRevision>;
  /** How often pods ended by themselves on a node lately, so that they are not replaced in a tight circle. */
  readonly #endings = new Map<string, { count: number; at: number }>();

  start(context: ControllerContext): void {
    this.#context = context;
    const selectorOf = ({ spec }: DaemonSet) => selectorFromObject(spec?.selector);
    this.#owned = new OwnedPods({ context, ref: daemonSets, selectorOf });
    this.#nodes = context.caches.of(nodes);
    this.#revisions = context.caches.of(controllerRevisions);
    this.#revisions.index('controller', controllerUidOrOrphan);
    this.#revisions.onChange((before, now) => {
      const key = this.#owned.keyOfOwner((now ?? before)!);
      if (key !== undefined) context.queue.add(key);
    });
    this.#nodes.onChange((before, now) => {
      if (before !== undefined && now !== undefined && placementFacts(before) === placementFacts(now)) return;
      for (const daemonSet of this.#owned.owners.list()) context.queue.add(keyOf(daemonSet));
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const daemonSet = this.#owned.ownerAt(key);
    if (daemonSet === undefined) return undefined;
    if (selectorFromObject(daemonSet.spec?.selector).empty) {
      const message = 'This daemon set is selecting all pods. A non-empty selector is required.';
      this.#context.recorder.event(daemonSet, 'Warning', 'SelectingAll', message);
      return undefined;
    }
    if (daemonSet.metadata?.deletionTimestamp !== undefined) return undefined;
    const selector = selectorFromObject(daemonSet.spec?.selector);
    const revisions = await claimRevisions(this.#context.client, daemonSet, daemonSets, selector, this.#revisions);
    const current = await presentRevision(this.#context, daemonSet, revisions);
    const owned = await this.#owned.claim(daemonSet, () => true);
    const view = this.#view(daemonSet, owned, current.metadata?.labels?.[hashLabel] ?? '');
    let failure: unknown;
    let wait: number | undefined;
    if (this.#owned.settled(key)) {
      try {
        wait = await this.#carryOut(key, view);
      } catch (thrown) {
        // The status tells how far it came before the error has the key come back.
        failure = thrown;
      }
      const hashes = new Set(owned.map((pod) => pod.metadata?.labels?.[hashLabel]));
      const isLive = (revision: ControllerRevision) =>
        revision.metadata?.uid === current.metadata?.uid || hashes.has(revision.metadata?.labels?.[hashLabel]);
      await trimRevisions(this.#context.client, revisions, isLive, daemonSet.spec?.revisionHistoryLimit ?? 10);
    }
    const available = await this.#report(view);
    if (failure !== undefined) throw failure;
    return wait ?? available;
  }

  #view(daemonSet: DaemonSet, owned: readonly Pod[], hash: string): DaemonView {
    const byNode = new Map<string, Pod[]>();
    for (const pod of owned) {
      const node = nodeOf(pod);
      // What has ended and is on its way out keeps its node from nobody.
      const over = isPodFinished(pod) && pod.metadata?.deletionTimestamp !== undefined;
      if (node === undefined || over) continue;
      const present = byNode.get(node);
      if (present === undefined) byNode.set(node, [pod]);
      else present.push(pod);
    }
    return { daemonSet, nodes: this.#nodes.list(), pods: byNode, hash, now: this.#context.world.clock.now() };
  }

  /** One step: placement first; an update only once every node has what it should. Milliseconds to look again in, if any. */
  async #carryOut(key: string, view: DaemonView): Promise<number | undefined> {
    const placed = planPlacement(view);
    const { wait, ready } = this.#holdBack(key, placed);
    if (ready.create.length > 0 || ready.remove.length > 0) await this.#apply(view, ready);
    else if (placed.remove.length === 0 && view.daemonSet.spec?.updateStrategy?.type === 'RollingUpdate') {
      const update = planUpdate(view);
      if (update.create.length > 0 || update.remove.length > 0) await this.#apply(view, update);
    }
    return wait;
  }

  /** Leaves pods that ended where they are for a while: 1 s, then twice as long each time, 15 minutes at most. */
  #holdBack(key: string, plan: DaemonPlan): { readonly wait: number | undefined; readonly ready: DaemonPlan } {
    const now = this.#context.world.clock.monotonic();
    let wait: number | undefined;
    const held = new Set<Pod>();
    for (const pod of plan.ended) {
      const place = `${key}@${nodeOf(pod)}`;
      const known = this.#endings.get(place);
      const longest = 900_000;
      if (known !== undefined && now - known.at > 2 * longest) this.#endings.delete(place);
      const count = this.#endings.get(place)?.count ?? 0;
      const due = count === 0 ? now : known!.at + Math.min(1000 * 2 ** (count - 1), longest);
      if (due > now) {
        held.add(pod);
        wait = Math.min(wait ?? due - now, due - now);
        continue;
      }
      this.#noteEnding(place, count + 1, now);
      const { namespace, name } = pod.metadata!;
      const [reason, word] =
        pod.status?.phase === 'Failed' ? ['FailedDaemonPod', 'failed'] : ['SucceededDaemonPod', 'succeeded'];
      const message = `Found ${word} daemon pod ${namespace}/${name} on node ${nodeOf(pod)}, will try to kill it`;
      const daemonSet = this.#owned.owners.get(splitKey(key).namespace, splitKey(key).name)!;
      this.#context.recorder.event(daemonSet, word === 'failed' ? 'Warning' : 'Normal', reason!, message);
    }
    return { wait, ready: { ...plan, remove: plan.remove.filter((pod) => !held.has(pod)) } };
  }

  /** Remembers the places of the latest endings only: a place that is forgotten begins with the shortest wait again. */
  #noteEnding(place: string, count: number, at: number): void {
    this.#endings.delete(place);
    this.#endings.set(place, { count, at });
    if (this.#endings.size <= endingsLimit) return;
    for (const oldest of this.#endings.keys()) {
      this.#endings.delete(oldest);
      return;
    }
  }

  async #apply(view: DaemonView, plan: DaemonPlan): Promise<void> {
    const create = plan.create.slice(0, burst);
    const make = (position: number) => this.#podFor(view, create[position]!);
    const remove = plan.remove.slice(0, burst);
    const { error } = await this.#owned.apply(view.daemonSet, { create: create.length, make, remove });
    if (error !== undefined) throw error;
  }

  #podFor({ daemonSet, hash }: DaemonView, node: string): Pod {
    const { name, namespace, annotations } = daemonSet.metadata!;
    const owner = { name: name!, namespace: namespace! };
    const pod = podFromTemplate(owner, daemonSet.spec!.template, controllerReference(daemonSet, daemonSets));
    const generation = annotations?.[generationAnnotation];
    pod.metadata!.labels = {
      ...pod.metadata!.labels,
      [hashLabel]: hash,
      ...(generation !== undefined && { 'pod-template-generation': generation }),
    };
    pod.spec = specFor(daemonSet.spec!.template.spec!, node);
    return pod;
  }

  async #report(view: DaemonView): Promise<number | undefined> {
    const { daemonSet } = view;
    const status = daemonSetStatus(view);
    if (!sameStatus(daemonSet.status, status)) {
      const conditions = daemonSet.status?.conditions;
      await this.#context.client
        .resource(daemonSets)
        .updateStatus({ ...daemonSet, status: { ...status, ...(conditions && { conditions }) } })
        .catch((thrown) => {
          if (!isNotFound(thrown)) throw thrown;
        });
    }
    const seconds = daemonSet.spec?.minReadySeconds ?? 0;
    return seconds > 0 && status.numberReady !== status.numberAvailable ? seconds * 1000 : undefined;
  }
}

/** What of a node decides about daemon pods. */
function placementFacts({ metadata, spec }: Node): string {
  const taints = (spec?.taints ?? []).map(({ key, value, effect }) => [key, value, effect]);
  return JSON.stringify([metadata?.labels, taints, metadata?.uid]);
}

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
  isPodFinished,
  podFromTemplate,
  slowStart,
} from '@keelson/controller-kit';
import type { ControllerRevision, DaemonSet } from '@keelson/model/generated/types/apps-v1.ts';
import type { Node, Pod } from '@keelson/model/generated/types/core-v1.ts';
import { selectorFromObject } from '@keelson/model/selectors/label-selector.ts';
import { syncRevision, trimHistory } from './history.ts';
import { nodeOf, specFor } from './placement.ts';
import { type DaemonPlan, type DaemonView, hashLabel, planPlacement, planUpdate } from './plan.ts';
import { daemonSetStatus, sameStatus } from './status.ts';

const { controllerRevisions, daemonSets, nodes, pods } = kubernetesResources;
const burst = 250;
const endingsLimit = 10_000;
const generationAnnotation = 'deprecated.daemonset.template.generation';

/** Keeps one pod of each DaemonSet on every node that it is for. */
export class DaemonSetController implements Controller {
  readonly name = 'daemonset-controller';
  readonly #batches = new ChangeBatches();
  #context!: ControllerContext;
  #daemonSets!: SharedCache<DaemonSet>;
  #pods!: SharedCache<Pod>;
  #nodes!: SharedCache<Node>;
  #revisions!: SharedCache<ControllerRevision>;
  #expectations!: Expectations;
  /** How often pods ended by themselves on a node lately, so that they are not replaced in a tight circle. */
  readonly #endings = new Map<string, { count: number; at: number }>();

  start(context: ControllerContext): void {
    this.#context = context;
    this.#expectations = new Expectations(context.world.clock);
    this.#daemonSets = context.caches.of(daemonSets);
    this.#pods = context.caches.of(pods);
    this.#nodes = context.caches.of(nodes);
    this.#revisions = context.caches.of(controllerRevisions);
    this.#pods.index('controller', controllerUidOrOrphan);
    this.#revisions.index('controller', controllerUidOrOrphan);
    this.#daemonSets.onChange((before, now) => {
      if (now === undefined) this.#expectations.forget(keyOf(before!));
      context.queue.add(keyOf((now ?? before)!));
    });
    this.#pods.onChange((before, now) => this.#podChanged(before, now));
    this.#revisions.onChange((before, now) => this.#enqueueOwner((now ?? before)!));
    this.#nodes.onChange((before, now) => {
      if (before !== undefined && now !== undefined && placementFacts(before) === placementFacts(now)) return;
      for (const daemonSet of this.#daemonSets.list()) context.queue.add(keyOf(daemonSet));
    });
  }

  #podChanged(before: Pod | undefined, now: Pod | undefined): void {
    const pod = (now ?? before)!;
    const key = this.#ownerKey(pod);
    if (now === undefined || now.metadata?.deletionTimestamp !== undefined)
      this.#expectations.deleted(key, pod.metadata?.uid);
    else if (before === undefined) this.#expectations.created(key);
    if (before !== undefined && now !== undefined) this.#enqueueOwner(before);
    if (key !== undefined) this.#context.queue.addAfter(key, this.#batches.delay(key));
    else if (now !== undefined && controllerOf(pod) === undefined)
      for (const candidate of this.#daemonSets.list(pod.metadata?.namespace))
        if (selectorFromObject(candidate.spec?.selector).matches(pod.metadata?.labels))
          this.#context.queue.add(keyOf(candidate));
  }

  #enqueueOwner(object: Pod | ControllerRevision): void {
    const key = this.#ownerKey(object);
    if (key !== undefined) this.#context.queue.add(key);
  }

  #ownerKey(object: Pod | ControllerRevision): string | undefined {
    const reference = controllerOf(object);
    if (reference?.kind !== 'DaemonSet') return undefined;
    const daemonSet = this.#daemonSets.get(object.metadata?.namespace, reference.name);
    return daemonSet?.metadata?.uid === reference.uid ? keyOf(daemonSet) : undefined;
  }

  async reconcile(key: string): Promise<number | undefined> {
    const { namespace, name } = splitKey(key);
    const daemonSet = this.#daemonSets.get(namespace, name);
    if (daemonSet === undefined) {
      this.#expectations.forget(key);
      this.#batches.forget(key);
      return undefined;
    }
    if (selectorFromObject(daemonSet.spec?.selector).empty) {
      const message = 'This daemon set is selecting all pods. A non-empty selector is required.';
      this.#context.recorder.event(daemonSet, 'Warning', 'SelectingAll', message);
      return undefined;
    }
    if (daemonSet.metadata?.deletionTimestamp !== undefined) return undefined;
    const revisions = this.#revisions.index('controller', controllerUidOrOrphan).get(daemonSet.metadata!.uid!);
    const current = await syncRevision(this.#context, daemonSet, revisions);
    const owned = await this.#ownPods(daemonSet);
    this.#batches.note(key, owned.length);
    const view = this.#view(daemonSet, owned, current.metadata?.labels?.[hashLabel] ?? '');
    let failure: unknown;
    let wait: number | undefined;
    if (this.#expectations.satisfied(key)) {
      try {
        wait = await this.#carryOut(key, view);
      } catch (thrown) {
        // The status tells how far it came before the error has the key come back.
        failure = thrown;
      }
      await trimHistory(this.#context, daemonSet, revisions, current, owned);
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

  async #ownPods(daemonSet: DaemonSet): Promise<Pod[]> {
    const selector = selectorFromObject(daemonSet.spec?.selector);
    const index = this.#pods.index('controller', controllerUidOrOrphan);
    return claim(
      {
        client: this.#context.client,
        owner: daemonSet,
        ownerRef: daemonSets,
        ref: pods,
        matches: (pod) => selector.matches(pod.metadata?.labels),
      },
      [...index.get(daemonSet.metadata!.uid!), ...index.get(`orphan/${daemonSet.metadata?.namespace}`)],
    );
  }

  /** One step: placement first; an update only once every node has what it should. Milliseconds to look again in, if any. */
  async #carryOut(key: string, view: DaemonView): Promise<number | undefined> {
    const placed = planPlacement(view);
    const { wait, ready } = this.#holdBack(key, placed);
    if (ready.create.length > 0 || ready.remove.length > 0) await this.#apply(key, view, ready);
    else if (placed.remove.length === 0 && view.daemonSet.spec?.updateStrategy?.type === 'RollingUpdate') {
      const update = planUpdate(view);
      if (update.create.length > 0 || update.remove.length > 0) await this.#apply(key, view, update);
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
      const daemonSet = this.#daemonSets.get(splitKey(key).namespace, splitKey(key).name)!;
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

  async #apply(key: string, view: DaemonView, plan: DaemonPlan): Promise<void> {
    const create = plan.create.slice(0, burst);
    const remove = plan.remove.slice(0, burst);
    this.#expectations.expect(
      key,
      create.length,
      remove.map((pod) => pod.metadata!.uid!),
    );
    const waiting = [...create];
    const [created, ...deleted] = await Promise.all([
      slowStart(create.length, () => this.#create(key, view, waiting.shift()!)),
      ...remove.map((pod) => this.#delete(key, view.daemonSet, pod)),
    ]);
    for (let index = 0; index < created.skipped; index++) this.#expectations.created(key);
    const failure = created.error ?? deleted.find((error) => error !== undefined);
    if (failure !== undefined) throw failure;
  }

  async #create(key: string, { daemonSet, hash }: DaemonView, node: string): Promise<void> {
    const { client, recorder } = this.#context;
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
    try {
      const created = await client.resource(pods).create(pod);
      recorder.event(daemonSet, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata?.name}`);
    } catch (thrown) {
      this.#expectations.created(key);
      if (isNamespaceTerminating(thrown)) return;
      recorder.event(daemonSet, 'Warning', 'FailedCreate', `Error creating: ${messageOf(thrown)}`);
      throw thrown;
    }
  }

  /** Resolves to the error, so that one deletion that fails does not hide the others' ends. */
  async #delete(key: string, daemonSet: DaemonSet, { metadata }: Pod): Promise<unknown> {
    const { client, recorder } = this.#context;
    try {
      await client
        .resource(pods)
        .delete(metadata!.name!, metadata!.namespace, { preconditions: { uid: metadata!.uid! } });
      recorder.event(daemonSet, 'Normal', 'SuccessfulDelete', `Deleted pod: ${metadata!.name}`);
      return undefined;
    } catch (thrown) {
      this.#expectations.deleted(key, metadata!.uid);
      if (isNotFound(thrown)) return undefined;
      recorder.event(daemonSet, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(thrown)}`);
      return thrown;
    }
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

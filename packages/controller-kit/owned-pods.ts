import { messageOf } from '@keelson/base';
import { isNotFound, keyOf, kubernetesResources, type ResourceRef, type SharedCache, splitKey } from '@keelson/client';
import type { ApiObject } from '@keelson/model';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import type { LabelSelector } from '@keelson/model/selectors/label-selector.ts';
import { ChangeBatches } from './change-batches.ts';
import { claim } from './claim.ts';
import type { ControllerContext } from './controller.ts';
import { Expectations } from './expectations.ts';
import { controllerOf, controllerUidOrOrphan } from './owner-references.ts';
import { isPodActive } from './pod-state.ts';
import { slowStart } from './slow-start.ts';
import { isNamespaceTerminating } from './terminating-namespace.ts';

const { pods } = kubernetesResources;

export interface OwnedPodsOptions<T extends ApiObject> {
  readonly context: ControllerContext;
  readonly ref: ResourceRef<T>;
  /** Which pods belong to an owner; an orphan that one selects has the owner looked at. */
  readonly selectorOf: (owner: T) => LabelSelector;
  /** What Events say of a pod that was made or deleted, or (with an error's text) was not. */
  readonly describe?: (verb: 'create' | 'delete', pod: string, owner: T, error?: string) => string;
  /** Put on pods that are adopted, and taken from those that are released. */
  readonly finalizer?: string;
  /** Called for every pod that is new or has changed, with the key of its owner, if it has one. */
  readonly onPod?: (pod: Pod, key: string | undefined) => void;
  /** Called for every pod that an owner had and that is gone. */
  readonly onGone?: (pod: Pod, key: string) => void;
}

function describe(verb: 'create' | 'delete', pod: string, _owner: ApiObject, error?: string): string {
  if (error !== undefined) return `Error ${verb === 'create' ? 'creating' : 'deleting'}: ${error}`;
  return `${verb === 'create' ? 'Created' : 'Deleted'} pod: ${pod}`;
}

/** Pods to make and to delete in one step. */
export interface PodChange {
  readonly create?: number;
  /** The pod that is made as the so-manieth, from 0. */
  readonly make?: (position: number) => Pod;
  readonly remove?: readonly Pod[];
}

export interface PodChangeOutcome {
  /** How many pods were made. */
  readonly created: number;
  /** The pods that are going, or gone already. */
  readonly removed: readonly Pod[];
  /** The first thing that went wrong. */
  readonly error: unknown;
}

/**
 * Owners of one kind and their pods: who belongs to whom, whose key needs a look after a change, and which writes the
 * caches have yet to show. Keys are `namespace/name` of the owner.
 */
export class OwnedPods<T extends ApiObject> {
  readonly owners: SharedCache<T>;
  readonly pods: SharedCache<Pod>;
  readonly #options: OwnedPodsOptions<T>;
  readonly #batches = new ChangeBatches();
  readonly #expectations: Expectations;

  /** Asks for both caches and adds keys to the context's queue from then on. */
  constructor(options: OwnedPodsOptions<T>) {
    const { context, ref } = options;
    this.#options = options;
    this.#expectations = new Expectations(context.world.clock);
    this.owners = context.caches.of(ref);
    this.pods = context.caches.of(pods);
    this.pods.index('controller', controllerUidOrOrphan);
    this.owners.onChange((before, now) => {
      const key = keyOf((now ?? before)!);
      const replaced = before !== undefined && before.metadata?.uid !== now?.metadata?.uid;
      if (replaced) this.#expectations.forget(key);
      context.queue.add(key);
    });
    this.pods.onChange((before, now) => this.#podChanged(before, now));
  }

  #podChanged(before: Pod | undefined, now: Pod | undefined): void {
    const { queue } = this.#options.context;
    const pod = (now ?? before)!;
    const key = this.keyOfOwner(pod);
    const gone = now === undefined || now.metadata?.deletionTimestamp !== undefined;
    if (gone) this.#expectations.deleted(key, pod.metadata?.uid);
    else if (before === undefined) this.#expectations.created(key);
    if (now !== undefined) this.#options.onPod?.(now, key);
    else if (key !== undefined) this.#options.onGone?.(pod, key);
    if (before !== undefined && now !== undefined) {
      const former = this.keyOfOwner(before);
      if (former !== undefined && former !== key) queue.add(former);
    }
    if (key !== undefined) queue.addAfter(key, this.#batches.delay(key));
    else if (!gone && controllerOf(pod) === undefined)
      for (const owner of this.owners.list(pod.metadata?.namespace))
        if (this.#options.selectorOf(owner).matches(pod.metadata?.labels)) queue.add(keyOf(owner));
  }

  /** The key of the owner that manages `object`, if it is of this kind and still the same one. */
  keyOfOwner(object: ApiObject): string | undefined {
    const owner = this.ownerOf(object);
    return owner === undefined ? undefined : keyOf(owner);
  }

  /** The owner that manages `object`, if it is of this kind and still the same one. */
  ownerOf(object: ApiObject): T | undefined {
    const { kind, group } = this.#options.ref;
    const reference = controllerOf(object);
    if (reference?.kind !== kind || (reference.apiVersion.split('/').at(-2) ?? '') !== group) return undefined;
    const owner = this.owners.get(object.metadata?.namespace, reference.name);
    return owner?.metadata?.uid === reference.uid ? owner : undefined;
  }

  /** The owner of a key; one that is gone is forgotten. */
  ownerAt(key: string): T | undefined {
    const { namespace, name } = splitKey(key);
    const owner = this.owners.get(namespace, name);
    if (owner === undefined) {
      this.#expectations.forget(key);
      this.#batches.forget(key);
    }
    return owner;
  }

  /** True when the caches show everything that was done for this key. */
  settled(key: string): boolean {
    return this.#expectations.satisfied(key);
  }

  /** The pods that name `owner` as their controller, whatever their labels. */
  controlledBy(owner: ApiObject): Pod[] {
    return this.pods.index('controller', controllerUidOrOrphan).get(owner.metadata!.uid!);
  }

  /** The owner's pods, after adoption and release. `eligible` says which orphans may be adopted; by default active ones. */
  async claim(owner: T, eligible: (pod: Pod) => boolean = isPodActive): Promise<Pod[]> {
    const { context, ref, selectorOf, finalizer } = this.#options;
    const selector = selectorOf(owner);
    const matches = (pod: Pod) => selector.matches(pod.metadata?.labels);
    const orphans = this.pods
      .index('controller', controllerUidOrOrphan)
      .get(`orphan/${owner.metadata?.namespace}`)
      .filter((pod) => eligible(pod) && matches(pod));
    const options = { client: context.client, owner, ownerRef: ref, ref: pods, matches, finalizer };
    const owned = await claim(options, [...this.controlledBy(owner), ...orphans]);
    this.#batches.note(keyOf(owner), owned.length);
    return owned;
  }

  /** Makes and deletes pods at the same time, tells of it in Events, and expects the caches to show it. Never rejects. */
  async apply(owner: T, change: PodChange): Promise<PodChangeOutcome> {
    const { create = 0, make, remove = [] } = change;
    const key = keyOf(owner);
    const uids = remove.map((pod) => pod.metadata!.uid!);
    this.#expectations.expect(key, create, uids);
    let position = 0;
    const [created, ...results] = await Promise.all([
      slowStart(create, () => this.#create(key, owner, make!(position++))),
      ...remove.map((pod) => this.#delete(key, owner, pod)),
    ]);
    for (let index = 0; index < created.skipped; index++) this.#expectations.created(key);
    return {
      created: created.succeeded,
      removed: remove.filter((_, index) => results[index] === undefined),
      error: created.error ?? results.find((error) => error !== undefined),
    };
  }

  #text(verb: 'create' | 'delete', pod: string, owner: T, error?: unknown): string {
    const text = error === undefined ? undefined : messageOf(error);
    return (this.#options.describe ?? describe)(verb, pod, owner, text);
  }

  async #create(key: string, owner: T, pod: Pod): Promise<void> {
    const { client, recorder } = this.#options.context;
    try {
      const created = await client.resource(pods).create(pod);
      recorder.event(owner, 'Normal', 'SuccessfulCreate', this.#text('create', created.metadata!.name!, owner));
    } catch (thrown) {
      this.#expectations.created(key);
      if (isNamespaceTerminating(thrown)) return;
      const name = pod.metadata?.name ?? '';
      recorder.event(owner, 'Warning', 'FailedCreate', this.#text('create', name, owner, thrown));
      throw thrown;
    }
  }

  /** Resolves to the error, so that one deletion that fails does not hide the others' ends. */
  async #delete(key: string, owner: T, { metadata }: Pod): Promise<unknown> {
    const { client, recorder } = this.#options.context;
    try {
      const preconditions = { uid: metadata!.uid! };
      await client.resource(pods).delete(metadata!.name!, metadata!.namespace, { preconditions });
      recorder.event(owner, 'Normal', 'SuccessfulDelete', this.#text('delete', metadata!.name!, owner));
      return undefined;
    } catch (thrown) {
      this.#expectations.deleted(key, metadata!.uid);
      if (isNotFound(thrown)) return undefined;
      recorder.event(owner, 'Warning', 'FailedDelete', this.#text('delete', metadata!.name!, owner, thrown));
      return thrown;
    }
  }
}

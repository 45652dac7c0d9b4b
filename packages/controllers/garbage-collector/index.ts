import { messageOf, sleep } from '@keelson/base';
import { type DiscoveredResource, isNotFound } from '@keelson/client';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import type { ApiObject, OwnerReference } from '@keelson/model';
import { blockingDependents, decide } from './decision.ts';
import { type GraphNode, graphNode, isOrphaning, isWaitingForDependents, OwnerGraph } from './owner-graph.ts';
import { OwnerLookup } from './owner-lookup.ts';

/** How often it is asked anew what the server serves, in milliseconds. */
const discoveryInterval = 30_000;
const firstDiscoveryInterval = 2000;

/** Deletes what has lost its owners, and sees deletions in the foreground and of owners alone to their end. */
export class GarbageCollector implements Controller {
  readonly name = 'generic-garbage-collector';
  readonly workers = 20;
  #context!: ControllerContext;
  #lookup!: OwnerLookup;
  readonly #graph = new OwnerGraph();
  readonly #followed = new Map<string, { readonly resource: DiscoveredResource; readonly stop: () => void }>();
  #discovering: Promise<void> = Promise.resolve();

  async start(context: ControllerContext): Promise<void> {
    this.#context = context;
    this.#lookup = new OwnerLookup(this.#graph, context.client);
    await this.#discover();
    this.#discovering = this.#keepDiscovering();
  }

  async stop(): Promise<void> {
    for (const { stop } of this.#followed.values()) stop();
    await this.#discovering;
  }

  async #keepDiscovering(): Promise<void> {
    const { signal, world } = this.#context;
    while (!signal.aborted) {
      // Without a first answer nothing is followed at all.
      await sleep(world.clock, this.#followed.size === 0 ? firstDiscoveryInterval : discoveryInterval, signal);
      if (!signal.aborted) await this.#discover();
    }
  }

  /** Follows every resource whose objects can be listed, watched and deleted. Events own nothing and nobody owns them. */
  async #discover(): Promise<void> {
    const { client, caches, world } = this.#context;
    let resources: readonly DiscoveredResource[];
    try {
      resources = await client.discover();
    } catch (thrown) {
      world.log.warn('discovery failed', { error: messageOf(thrown) });
      return;
    }
    this.#lookup.setResources(resources);
    const wanted = new Map<string, DiscoveredResource>();
    for (const resource of resources)
      if (resource.resource !== 'events' && ['list', 'watch', 'delete'].every((verb) => resource.verbs.includes(verb)))
        wanted.set(`${resource.group}/${resource.version}/${resource.resource}`, resource);
    for (const [key, { resource, stop }] of this.#followed) {
      if (wanted.has(key)) continue;
      stop();
      this.#followed.delete(key);
      caches.drop(resource);
    }
    for (const [key, resource] of wanted) {
      if (this.#followed.has(key)) continue;
      const stop = caches.of(resource).onChange((before, now) => this.#changed(resource, before, now));
      this.#followed.set(key, { resource, stop });
    }
  }

  #changed(resource: DiscoveredResource, before: ApiObject | undefined, now: ApiObject | undefined): void {
    const { queue } = this.#context;
    const uid = (now ?? before)!.metadata!.uid!;
    const known = this.#graph.get(uid);
    if (now === undefined) {
      this.#graph.remove(uid);
      for (const dependent of this.#graph.dependentsOf(uid)) queue.add(dependent.uid);
      // An owner that waits for this one may be free now.
      for (const owner of known?.owners ?? []) if (this.#isWaiting(owner.uid)) queue.add(owner.uid);
      return;
    }
    const node = graphNode(resource, now);
    this.#graph.set(node);
    const sameOwners = known !== undefined && JSON.stringify(known.owners) === JSON.stringify(node.owners);
    if (node.owners.length > 0 && !sameOwners) queue.add(uid);
    if (node.deleting && (isWaitingForDependents(node) || isOrphaning(node))) queue.add(uid);
    for (const owner of known?.owners ?? []) if (!sameOwners && this.#isWaiting(owner.uid)) queue.add(owner.uid);
  }

  #isWaiting(uid: string): boolean {
    const node = this.#graph.get(uid);
    return node !== undefined && (isWaitingForDependents(node) || isOrphaning(node));
  }

  async reconcile(uid: string): Promise<number | undefined> {
    const node = this.#graph.get(uid);
    if (node === undefined) return undefined;
    if (isOrphaning(node)) return this.#orphanDependents(node);
    if (isWaitingForDependents(node)) return this.#awaitDependents(node);
    if (node.deleting || node.owners.length === 0) return undefined;
    const latest = await this.#latest(node);
    if (latest === undefined || latest.metadata?.deletionTimestamp !== undefined) return undefined;
    const current = graphNode(node.ref, latest);
    const owners = await Promise.all(
      current.owners.map(async (reference) => ({ reference, state: await this.#stateOf(current, reference) })),
    );
    if (owners.some(({ state }) => state === undefined)) return undefined;
    const decision = decide(current, owners as any, this.#graph.dependentsOf(uid));
    if (decision.action === 'drop') await this.#dropOwners(current, decision.owners);
    if (decision.action === 'delete') {
      if (decision.unblock) await this.#unblock(current);
      await this.#delete(current, latest, decision.policy);
    }
    return undefined;
  }

  /** The state of one owner; undefined when nobody can tell, and then nothing may be deleted. */
  async #stateOf(node: GraphNode, reference: OwnerReference) {
    if (this.#lookup.isUnresolvable(node, reference)) {
      this.#complain(node, `ownerRef ${shown(reference, node)} is namespaced, but the object is cluster-scoped`);
      return undefined;
    }
    const state = await this.#lookup.stateOf(node, reference);
    if (state === 'absent' && node.namespace !== undefined && this.#graph.get(reference.uid) !== undefined)
      this.#complain(
        node,
        `ownerRef ${shown(reference, node)} does not exist in namespace ${JSON.stringify(node.namespace)}`,
      );
    return state;
  }

  #complain(node: GraphNode, message: string): void {
    const { ref, namespace, name, uid } = node;
    const apiVersion = ref.group === '' ? ref.version : `${ref.group}/${ref.version}`;
    const about = { apiVersion, kind: ref.kind, namespace, name, uid };
    this.#context.recorder.event(about, 'Warning', 'OwnerRefInvalidNamespace', message);
  }

  /** The object as the server has it; undefined when it is gone or another has its name. */
  async #latest(node: GraphNode): Promise<ApiObject | undefined> {
    try {
      const object = await this.#context.client.resource(node.ref).get(node.name, node.namespace);
      return object.metadata?.uid === node.uid ? object : undefined;
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    }
  }

  async #delete(node: GraphNode, latest: ApiObject, propagationPolicy: 'Background' | 'Foreground' | 'Orphan') {
    const preconditions = { uid: node.uid, resourceVersion: latest.metadata!.resourceVersion! };
    await this.#ignoringNotFound(
      this.#context.client.resource(node.ref).delete(node.name, node.namespace, { propagationPolicy, preconditions }),
    );
  }

  async #awaitDependents(node: GraphNode): Promise<undefined> {
    const blocking = blockingDependents(node, this.#graph.dependentsOf(node.uid));
    if (blocking.length === 0) await this.#removeFinalizer(node, 'foregroundDeletion');
    for (const dependent of blocking) if (!isWaitingForDependents(dependent)) this.#context.queue.add(dependent.uid);
  }

  async #orphanDependents(node: GraphNode): Promise<undefined> {
    for (const dependent of this.#graph.dependentsOf(node.uid)) {
      const latest = await this.#latest(dependent);
      const owned = latest?.metadata?.ownerReferences?.filter(({ uid }) => uid === node.uid) ?? [];
      if (latest !== undefined && owned.length > 0) await this.#dropOwners(graphNode(dependent.ref, latest), owned);
    }
    await this.#removeFinalizer(node, 'orphan');
  }

  /** Rewrites an object's owners; the resourceVersion makes sure that no other change is undone by it. */
  async #writeOwners(node: GraphNode, change: (owners: OwnerReference[]) => OwnerReference[]): Promise<void> {
    const latest = await this.#latest(node);
    if (latest === undefined) return;
    const { uid, resourceVersion, ownerReferences = [] } = latest.metadata ?? {};
    const patch = { metadata: { uid, resourceVersion, ownerReferences: change(ownerReferences) } };
    await this.#ignoringNotFound(
      this.#context.client.resource(node.ref).patch(node.name, node.namespace, patch, { type: 'merge' }),
    );
  }

  #dropOwners(node: GraphNode, owners: readonly OwnerReference[]): Promise<void> {
    const gone = new Set(owners.map(({ uid }) => uid));
    return this.#writeOwners(node, (present) => present.filter(({ uid }) => !gone.has(uid)));
  }

  #unblock(node: GraphNode): Promise<void> {
    return this.#writeOwners(node, (present) => present.map((owner) => ({ ...owner, blockOwnerDeletion: false })));
  }

  async #removeFinalizer(node: GraphNode, finalizer: string): Promise<void> {
    const latest = await this.#latest(node);
    if (!latest?.metadata?.finalizers?.includes(finalizer)) return;
    const { uid, resourceVersion } = latest.metadata;
    const finalizers = latest.metadata.finalizers.filter((present) => present !== finalizer);
    const patch = { metadata: { uid, resourceVersion, finalizers } };
    await this.#ignoringNotFound(
      this.#context.client.resource(node.ref).patch(node.name, node.namespace, patch, { type: 'merge' }),
    );
  }

  async #ignoringNotFound(request: Promise<unknown>): Promise<void> {
    try {
      await request;
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
    }
  }
}

function shown({ apiVersion, kind, name, uid }: OwnerReference, { namespace }: GraphNode): string {
  return `[${apiVersion}/${kind}, namespace: ${namespace ?? ''}, name: ${name}, uid: ${uid}]`;
}

import type { ResourceRef } from '@keelson/client';
import type { ApiObject, OwnerReference } from '@keelson/model';

/** One object as the graph knows it. */
export interface GraphNode {
  readonly ref: ResourceRef;
  readonly uid: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly owners: readonly OwnerReference[];
  readonly finalizers: readonly string[];
  readonly deleting: boolean;
}

/** The facts of an object that garbage collection turns on; the object itself need not be kept. */
export function graphNode(ref: ResourceRef, object: ApiObject): GraphNode {
  const { uid = '', namespace, name = '', ownerReferences, finalizers, deletionTimestamp } = object.metadata ?? {};
  return {
    ref,
    uid,
    namespace,
    name,
    owners: ownerReferences ?? [],
    finalizers: finalizers ?? [],
    deleting: deletionTimestamp !== undefined,
  };
}

/** True while the object waits, in its foreground deletion, for those of its dependents that block it. */
export function isWaitingForDependents(node: GraphNode): boolean {
  return node.deleting && node.finalizers.includes('foregroundDeletion');
}

/** True while the object waits for its dependents to be set free. */
export function isOrphaning(node: GraphNode): boolean {
  return node.deleting && node.finalizers.includes('orphan');
}

/** Who owns whom, by uid. Owners may be named that are not there. */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** The objects that name `uid` as an owner. */
  dependentsOf(uid: string): GraphNode[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((dependent) => this.#nodes.get(dependent) ?? []);
  }

  set(node: GraphNode): void {
    this.#unlink(node.uid);
    this.#nodes.set(node.uid, node);
    for (const { uid } of node.owners) {
      const dependents = this.#dependents.get(uid);
      if (dependents === undefined) this.#dependents.set(uid, new Set([node.uid]));
      else dependents.add(node.uid);
    }
  }

  remove(uid: string): void {
    this.#unlink(uid);
    this.#nodes.delete(uid);
  }

  #unlink(uid: string): void {
    for (const owner of this.#nodes.get(uid)?.owners ?? []) {
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
  }
}

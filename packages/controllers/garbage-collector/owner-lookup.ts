import { apiVersionOf, type Client, type DiscoveredResource, isNotFound } from '@keelson/client';
import type { ApiObject, OwnerReference } from '@keelson/model';
import type { OwnerState } from './decision.ts';
import { type GraphNode, isWaitingForDependents, type OwnerGraph } from './owner-graph.ts';

const rememberedAbsent = 500;

/** Finds out what became of owners: from the graph where it knows, from the server where it does not. */
export class OwnerLookup {
  readonly #graph: OwnerGraph;
  readonly #client: Client;
  /** Owners that the server has said are not there; uids never come back. */
  readonly #absent = new Set<string>();
  #kinds = new Map<string, DiscoveredResource>();

  constructor(graph: OwnerGraph, client: Client) {
    this.#graph = graph;
    this.#client = client;
  }

  /** Takes over what the server serves now. */
  setResources(resources: readonly DiscoveredResource[]): void {
    this.#kinds = new Map(
      resources.map((resource) => [`${groupOf(apiVersionOf(resource))}/${resource.kind}`, resource]),
    );
  }

  /** The resource that objects of this kind are of. @throws Error when the server serves no such kind (yet) */
  resourceOf(reference: OwnerReference): DiscoveredResource {
    const resource = this.#kinds.get(`${groupOf(reference.apiVersion)}/${reference.kind}`);
    if (resource === undefined) throw new Error(`no matches for kind "${reference.kind}" in "${reference.apiVersion}"`);
    return resource;
  }

  /** True for an object without a namespace whose owner has one: nobody can say which owner that is. */
  isUnresolvable(node: GraphNode, reference: OwnerReference): boolean {
    return node.namespace === undefined && this.resourceOf(reference).namespaced;
  }

  async stateOf(node: GraphNode, reference: OwnerReference): Promise<OwnerState> {
    const resource = this.resourceOf(reference);
    const namespace = resource.namespaced ? node.namespace : undefined;
    const known = this.#graph.get(reference.uid);
    if (known !== undefined && isSame(known, resource, reference, namespace))
      return isWaitingForDependents(known) ? 'waiting' : 'solid';
    const key = `${reference.uid}/${namespace ?? ''}`;
    if (this.#absent.has(key)) return 'absent';
    const owner = await this.#fetch(resource, reference, namespace);
    if (owner?.metadata?.uid !== reference.uid) {
      this.#remember(key);
      return 'absent';
    }
    const { deletionTimestamp, finalizers } = owner.metadata;
    return deletionTimestamp !== undefined && finalizers?.includes('foregroundDeletion') ? 'waiting' : 'solid';
  }

  async #fetch(
    resource: DiscoveredResource,
    reference: OwnerReference,
    namespace: string | undefined,
  ): Promise<ApiObject | undefined> {
    try {
      return await this.#client.resource(resource).get(reference.name, namespace);
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    }
  }

  #remember(key: string): void {
    this.#absent.add(key);
    if (this.#absent.size <= rememberedAbsent) return;
    for (const oldest of this.#absent) {
      this.#absent.delete(oldest);
      return;
    }
  }
}

function isSame(
  known: GraphNode,
  resource: DiscoveredResource,
  reference: OwnerReference,
  namespace: string | undefined,
): boolean {
  return (
    known.ref.group === resource.group &&
    known.ref.kind === resource.kind &&
    known.name === reference.name &&
    (known.namespace ?? '') === (namespace ?? '')
  );
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

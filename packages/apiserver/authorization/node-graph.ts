import { type ApiObject, sameValue } from '@keelson/model';
import type { ObjectChange, ObjectReader } from '../admission/contract.ts';
import { podReferences, type ReferencedResource, volumeSecrets } from './pod-references.ts';

const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** What the pods of one node use: by resource and `namespace/name`, how many references there are. */
type NodeUses = Map<string, number>;

/**
 * Which objects the pods of a node use. It follows the pods in the server's cache; what hangs on claims (volumes and
 * their secrets) is looked up when it is asked for, since a node has few claims.
 */
export class NodeGraph {
  readonly #reader: ObjectReader;
  readonly #nodes = new Map<string, NodeUses>();
  readonly #stop: () => void;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
    this.#stop = reader.observe('', 'pods', (change) => this.#follow(change));
  }

  close(): void {
    this.#stop();
  }

  /** True when the pod is on the node. */
  hasPod(node: string, namespace: string, name: string): boolean {
    return this.#nodes.get(node)?.has(key('pods', namespace, name)) ?? false;
  }

  /** True when a pod on the node refers to the object itself. */
  uses(node: string, resource: ReferencedResource, namespace: string, name: string): boolean {
    return this.#nodes.get(node)?.has(key(resource, namespace, name)) ?? false;
  }

  /** True when a claim of a pod on the node is bound to the volume. */
  usesVolume(node: string, name: string): boolean {
    const claim = this.#reader.get('', 'persistentvolumes', '', name)?.['spec']?.claimRef;
    return claim !== undefined && this.uses(node, 'persistentvolumeclaims', claim.namespace ?? '', claim.name ?? '');
  }

  /** True when a pod on the node refers to the secret, or a volume that it claims does. */
  usesSecret(node: string, namespace: string, name: string): boolean {
    if (this.uses(node, 'secrets', namespace, name)) return true;
    for (const used of this.#nodes.get(node)?.keys() ?? []) {
      const [resource, home = '', claim = ''] = used.split('/');
      if (resource !== 'persistentvolumeclaims') continue;
      const bound = this.#reader.get('', resource, home, claim)?.['spec']?.volumeName;
      const volume = bound ? this.#reader.get('', 'persistentvolumes', '', bound) : undefined;
      if (volume === undefined || !this.usesVolume(node, bound)) continue;
      if (volumeSecrets(volume).some((secret) => secret.namespace === namespace && secret.name === name)) return true;
    }
    return false;
  }

  #follow({ previous, current }: ObjectChange): void {
    if (previous !== undefined && current !== undefined && sameUses(previous, current)) return;
    if (previous !== undefined) this.#count(previous, -1);
    if (current !== undefined) this.#count(current, 1);
  }

  #count(pod: Readonly<ApiObject>, step: 1 | -1): void {
    const node: string = pod['spec']?.nodeName ?? '';
    if (node === '') return;
    const uses: NodeUses = this.#nodes.get(node) ?? new Map<string, number>();
    for (const used of keysOf(pod)) {
      const count = (uses.get(used) ?? 0) + step;
      if (count > 0) uses.set(used, count);
      else uses.delete(used);
    }
    if (uses.size === 0) this.#nodes.delete(node);
    else this.#nodes.set(node, uses);
  }
}

function key(resource: string, namespace: string, name: string): string {
  return `${resource}/${namespace}/${name}`;
}

function keysOf(pod: Readonly<ApiObject>): string[] {
  const { namespace = '', name = '', annotations } = pod.metadata ?? {};
  const own = key('pods', namespace, name);
  // A node makes its mirror pods itself: nothing that they name may open anything to it.
  if (annotations !== undefined && mirrorAnnotation in annotations) return [own];
  return [own, ...podReferences(pod).map((reference) => key(reference.resource, namespace, reference.name))];
}

/** Most updates of a pod are of its status: what it refers to changes with its node, debug containers and claims alone. */
function sameUses(one: Readonly<ApiObject>, other: Readonly<ApiObject>): boolean {
  return (
    one.metadata?.uid === other.metadata?.uid &&
    one['spec']?.nodeName === other['spec']?.nodeName &&
    one['spec']?.serviceAccountName === other['spec']?.serviceAccountName &&
    (one['spec']?.ephemeralContainers?.length ?? 0) === (other['spec']?.ephemeralContainers?.length ?? 0) &&
    sameValue(one['status']?.resourceClaimStatuses, other['status']?.resourceClaimStatuses) &&
    sameValue(one['status']?.extendedResourceClaimStatus, other['status']?.extendedResourceClaimStatus)
  );
}

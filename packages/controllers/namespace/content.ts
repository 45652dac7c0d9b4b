import type { DiscoveredResource } from '@keelson/client';
import type { ApiObject } from '@keelson/model';
import type { NamespaceCondition } from '@keelson/model/generated/types/core-v1.ts';

/** What one pass over a namespace's contents found. */
export interface Remains {
  /** `pods.` and `deployments.apps` to how many are left. */
  readonly resources: ReadonlyMap<string, number>;
  /** Finalizers to how many objects wait for them. */
  readonly finalizers: ReadonlyMap<string, number>;
  readonly discoveryError: string | undefined;
  readonly deletionErrors: readonly string[];
  /** Seconds until it is worth looking again; 0 when nothing is left. */
  readonly estimate: number;
}

/** The resources whose objects a namespace takes with it, in an order that is always the same. */
export function deletable(resources: readonly DiscoveredResource[]): DiscoveredResource[] {
  return resources
    .filter((resource) => resource.namespaced && resource.verbs.includes('delete') && resource.verbs.includes('list'))
    .sort((left, right) => (left.group + left.resource < right.group + right.resource ? -1 : 1));
}

/** Seconds that these objects of one resource may need to go: pods their grace, finalizers upstream's guess. */
export function estimateFor(resource: { readonly resource: string }, objects: readonly ApiObject[]): number {
  let longest = 0;
  for (const object of objects) {
    const own = resource.resource === 'pods' ? (object.metadata?.deletionGracePeriodSeconds ?? 0) : 0;
    const guarded = (object.metadata?.finalizers?.length ?? 0) > 0 ? 15 : 0;
    longest = Math.max(longest, own, guarded, 1);
  }
  return longest;
}

/** The conditions of a namespace that is being emptied, as `now` (RFC 3339) and the remains have them. */
export function emptyingConditions(remains: Remains, now: string): NamespaceCondition[] {
  const make = (type: string, ok: readonly [string, string], bad: readonly [string, string] | undefined) => {
    const [reason, message] = bad ?? ok;
    return { type, status: bad === undefined ? 'False' : 'True', lastTransitionTime: now, reason, message };
  };
  const left = [...remains.resources].map(([name, count]) => `${name} has ${count} resource instances`).sort();
  const guards = [...remains.finalizers].map(([name, count]) => `${name} in ${count} resource instances`).sort();
  return [
    make(
      'NamespaceDeletionDiscoveryFailure',
      ['ResourcesDiscovered', 'All resources successfully discovered'],
      remains.discoveryError === undefined ? undefined : ['DiscoveryFailed', remains.discoveryError],
    ),
    make(
      'NamespaceDeletionGroupVersionParsingFailure',
      ['ParsedGroupVersions', 'All legacy kube types successfully parsed'],
      undefined,
    ),
    make(
      'NamespaceDeletionContentFailure',
      ['ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
      remains.deletionErrors.length === 0 ? undefined : ['ContentDeletionFailed', remains.deletionErrors.join(', ')],
    ),
    make(
      'NamespaceContentRemaining',
      ['ContentRemoved', 'All content successfully removed'],
      left.length === 0 ? undefined : ['SomeResourcesRemain', `Some resources are remaining: ${left.join(', ')}`],
    ),
    make(
      'NamespaceFinalizersRemaining',
      ['ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
      guards.length === 0
        ? undefined
        : ['SomeFinalizersRemain', `Some content in the namespace has finalizers remaining: ${guards.join(', ')}`],
    ),
  ];
}

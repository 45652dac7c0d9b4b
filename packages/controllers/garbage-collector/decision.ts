import type { OwnerReference } from '@keelson/model';
import { type GraphNode, isWaitingForDependents } from './owner-graph.ts';

/** What became of an owner: there; there, but waiting to go until its dependents have; or not there (any more). */
export type OwnerState = 'solid' | 'waiting' | 'absent';

export type Decision =
  | { readonly action: 'keep' }
  /** Owners that are gone or going are taken out of the references. */
  | { readonly action: 'drop'; readonly owners: readonly OwnerReference[] }
  /** `unblock`: its own dependents wait too; a circle, which no longer may block anybody. */
  | { readonly action: 'delete'; readonly policy: 'Background' | 'Foreground' | 'Orphan'; readonly unblock: boolean };

/** What is to be done with an object, given the state of each of its owners. */
export function decide(
  node: GraphNode,
  owners: readonly { readonly reference: OwnerReference; readonly state: OwnerState }[],
  dependents: readonly GraphNode[],
): Decision {
  if (owners.length === 0) return { action: 'keep' };
  const solid = owners.filter(({ state }) => state === 'solid');
  const others = owners.filter(({ state }) => state !== 'solid').map(({ reference }) => reference);
  if (solid.length > 0) return others.length === 0 ? { action: 'keep' } : { action: 'drop', owners: others };
  const waiting = owners.some(({ state }) => state === 'waiting');
  if (waiting && dependents.length > 0)
    return { action: 'delete', policy: 'Foreground', unblock: dependents.some(isWaitingForDependents) };
  const policy = node.finalizers.includes('orphan')
    ? 'Orphan'
    : node.finalizers.includes('foregroundDeletion')
      ? 'Foreground'
      : 'Background';
  return { action: 'delete', policy, unblock: false };
}

/** The dependents that an object in foreground deletion has to wait for. */
export function blockingDependents(owner: GraphNode, dependents: readonly GraphNode[]): GraphNode[] {
  return dependents.filter((dependent) =>
    dependent.owners.some((reference) => reference.uid === owner.uid && reference.blockOwnerDeletion === true),
  );
}

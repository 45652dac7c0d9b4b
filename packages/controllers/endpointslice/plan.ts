import { canonicalJson } from '@keelson/controller-kit';
import { sameValue } from '@keelson/model';
import type { Endpoint, EndpointSlice } from '@keelson/model/generated/types/discovery-v1.ts';
import { type PortGroup, portKey } from './endpoint.ts';

export const sliceLimit = 100;

/** What has to be written so that the slices of one service and family hold the wanted endpoints, and nothing else. */
export interface SlicePlan {
  readonly create: readonly { readonly ports: PortGroup['ports']; readonly endpoints: readonly Endpoint[] }[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
}

/** Everything else that a slice of the service must carry. */
export interface SliceDress {
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Keeps endpoints where they are, changes as few slices as it can, fills those that change anyway before it makes new
 * ones, and leaves one empty slice for a service without endpoints, so that readers can tell it from an unknown one.
 */
export function planSlices(
  existing: readonly EndpointSlice[],
  groups: ReadonlyMap<string, PortGroup>,
  dress: SliceDress,
): SlicePlan {
  const create: { ports: PortGroup['ports']; endpoints: Endpoint[] }[] = [];
  const update: EndpointSlice[] = [];
  const remove: EndpointSlice[] = [];
  const sorted = existing.toSorted((left, right) => (left.metadata!.name! < right.metadata!.name! ? -1 : 1));
  for (const [key, group] of groups) {
    const own = sorted.filter((slice) => portKey(slice.ports) === key);
    planGroup(own, group, dress, { create, update, remove });
  }
  const strays = sorted.filter((slice) => !groups.has(portKey(slice.ports)));
  if (groups.size > 0) remove.push(...strays);
  else {
    const placeholder = strays.find(
      (slice) => (slice.endpoints ?? []).length === 0 && (slice.ports ?? []).length === 0,
    );
    remove.push(...strays.filter((slice) => slice !== placeholder));
    if (placeholder === undefined) create.push({ ports: [], endpoints: [] });
    else if (!dressed(placeholder, dress)) update.push(redressed(placeholder, [], dress));
  }
  return { create, update, remove };
}

interface Plan {
  readonly create: { ports: PortGroup['ports']; endpoints: Endpoint[] }[];
  readonly update: EndpointSlice[];
  readonly remove: EndpointSlice[];
}

function planGroup(own: readonly EndpointSlice[], group: PortGroup, dress: SliceDress, plan: Plan): void {
  const wanted = new Map(group.endpoints.map((endpoint) => [identity(endpoint), endpoint]));
  const states = own.map((slice) => {
    const kept: Endpoint[] = [];
    let changed = !dressed(slice, dress);
    for (const endpoint of slice.endpoints ?? []) {
      const who = identity(endpoint);
      const next = wanted.get(who);
      wanted.delete(who);
      if (next === undefined) changed = true;
      else {
        kept.push(next);
        changed ||= !sameValue(next, endpoint);
      }
    }
    return { slice, kept, changed };
  });
  const rest = [...wanted.values()];
  const changing = states.filter(({ changed, kept }) => changed && kept.length < sliceLimit);
  for (const { kept } of changing.toSorted((left, right) => right.kept.length - left.kept.length))
    kept.push(...rest.splice(0, sliceLimit - kept.length));
  if (rest.length > 0 && rest.length < sliceLimit) {
    const room = states.find(({ changed, kept }) => !changed && kept.length + rest.length <= sliceLimit);
    if (room !== undefined) {
      room.kept.push(...rest.splice(0));
      room.changed = true;
    }
  }
  while (rest.length > 0) plan.create.push({ ports: group.ports, endpoints: rest.splice(0, sliceLimit) });
  for (const { slice, kept, changed } of states) {
    if (kept.length === 0) plan.remove.push(slice);
    else if (changed) plan.update.push(redressed(slice, kept, dress));
  }
}

/** What makes two endpoints the same one in another state. */
function identity(endpoint: Endpoint): string {
  return `${endpoint.targetRef?.uid ?? ''}/${endpoint.addresses.join(',')}`;
}

function dressed(slice: EndpointSlice, dress: SliceDress): boolean {
  return canonicalJson(slice.metadata?.labels ?? {}) === canonicalJson(dress.labels);
}

function redressed(slice: EndpointSlice, endpoints: Endpoint[], dress: SliceDress): EndpointSlice {
  return { ...slice, metadata: { ...slice.metadata, labels: { ...dress.labels } }, endpoints };
}

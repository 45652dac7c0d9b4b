/**
 * The region's own kinds: accounts, networks, instances, clusters as EKS knows them. They are served by the same API
 * server as a cluster's objects, from tables of the same form (tables/field-expression.ts), written by hand:
 *
 *     export const queueTypes = {
 *       Queue: { metadata: 'ObjectMeta', spec: 'QueueSpec', status: 'QueueStatus' },
 *       QueueSpec: { visibilitySeconds: 'int32!', tags: 'map<string>' },
 *       QueueStatus: { depth: 'int64!' },
 *     } as const;
 *
 * To add a kind: a type with `metadata: 'ObjectMeta'` in its group's `*-types.ts`, its static type in object-types.ts,
 * and, for a new group, one line in types.ts. The resource follows from the table: its plural is the kind in lower case
 * with an s (`policies`, `accessentries`), it is not namespaced, and it has a status sub-resource when its type has a
 * status. Names may be anything that is one segment of a path. What goes beyond that is put in `overrides` here.
 */
import { indexResources } from '../catalogue/resource-index.ts';
import type { Resource, ResourceCatalogue } from '../resources.ts';
import type { Strategy } from '../strategy.ts';
import type { TypeTable } from '../tables/field-expression.ts';
import { regionTypes } from './types.ts';

/** A kind's own rules, by `eks.keelson.dev/v1 Cluster`, over those that every kind of the region has. */
const overrides: Readonly<Record<string, Partial<Strategy>>> = {};

/** `AccessEntry` → `accessentries`. */
function pluralOf(kind: string): string {
  const lower = kind.toLowerCase();
  if (/[^aeiou]y$/.test(lower)) return `${lower.slice(0, -1)}ies`;
  return lower.endsWith('s') ? `${lower}es` : `${lower}s`;
}

function strategyOf(apiVersion: string, kind: string, hasStatus: boolean): Strategy {
  const own = overrides[`${apiVersion} ${kind}`] ?? {};
  if (!hasStatus) return { apiVersion, kind, nameForm: 'pathSegment', generation: true, ...own };
  return {
    apiVersion,
    kind,
    nameForm: 'pathSegment',
    generation: true,
    prepareForUpdate: (object, previous) => {
      if (previous['status'] === undefined) delete object['status'];
      else object['status'] = previous['status'];
    },
    ...own,
  };
}

function resourceOf(home: string, kind: string, table: TypeTable): Resource {
  const [group, version] = home.split('/') as [string, string];
  const hasStatus = table[kind]!['status'] !== undefined;
  const type = `${home}.${kind}`;
  return {
    group,
    version,
    kind,
    resource: pluralOf(kind),
    singular: kind.toLowerCase(),
    namespaced: false,
    verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
    shortNames: [],
    categories: [],
    subresources: hasStatus ? { status: { group, version, kind, type, verbs: ['get', 'patch', 'update'] } } : {},
    type,
    storage: { group, version },
    strategy: strategyOf(home, kind, hasStatus),
  };
}

let catalogue: ResourceCatalogue | undefined;

/** Everything that the region's own API serves. */
export function regionCatalogue(): ResourceCatalogue {
  catalogue ??= indexResources(
    Object.entries(regionTypes).flatMap(([home, table]) =>
      Object.keys(table)
        .filter((name) => table[name]!['metadata'] === 'ObjectMeta')
        .map((kind) => resourceOf(home, kind, table)),
    ),
  );
  return catalogue;
}

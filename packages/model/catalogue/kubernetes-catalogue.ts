import { assert } from '@keelson/base';
import published from '../generated/kubernetes-resources.json' with { type: 'json' };
import { allStrategies } from '../kinds/index.ts';
import type { Resource, ResourceCatalogue, Subresource, Verb } from '../resources.ts';
import type { Strategy } from '../strategy.ts';
import { typeOfMinor } from '../tables/struct-type.ts';
import { newestMinor, oldestMinor } from './minors.ts';
import { indexResources } from './resource-index.ts';
import type { ResourceRow } from './resource-row.ts';

export { newestMinor, oldestMinor } from './minors.ts';

const rows = published.resources as readonly ResourceRow[];
const catalogues = new Map<number, ResourceCatalogue>();

/** Only stable versions are on by default; a beta or alpha is switched on by hand, which EKS does not do. */
function isServed(row: ResourceRow, minor: number): boolean {
  const stable = /^v\d+$/.test(row.version);
  return stable && (row.introduced ?? 0) <= minor && (row.removed ?? Number.POSITIVE_INFINITY) > minor;
}

function apiVersionOf(row: { group: string; version: string }): string {
  return row.group === '' ? row.version : `${row.group}/${row.version}`;
}

/** The warning's text is upstream's: in a deprecated version, from the minor that deprecated it. */
function deprecationOf(row: ResourceRow, minor: number): string | undefined {
  if (row.deprecated === undefined || row.deprecated > minor) return undefined;
  const gone = row.removed === undefined ? '' : `, unavailable in v1.${row.removed}+`;
  const instead = row.replacement === undefined ? '' : `; use ${row.replacement}`;
  return `${apiVersionOf(row)} ${row.kind} is deprecated in v1.${row.deprecated}+${gone}${instead}`;
}

function subresourcesOf(row: ResourceRow, minor: number): Readonly<Record<string, Subresource>> {
  const entries = Object.entries(row.subresources ?? {}).map(([name, subresource]) => [
    name,
    { ...subresource, type: typeOfMinor(subresource.type, minor) },
  ]);
  return Object.fromEntries(entries) as Readonly<Record<string, Subresource>>;
}

/** A resource as 1.`minor` serves it. */
export function resourceOf(row: ResourceRow, strategy: Strategy, minor: number): Resource {
  const [first, second] = (strategy.storedAs?.apiVersion ?? strategy.apiVersion).split('/') as [
    string,
    string | undefined,
  ];
  const deprecation = deprecationOf(row, minor);
  return {
    group: row.group,
    version: row.version,
    kind: row.kind,
    resource: row.resource,
    singular: row.kind.toLowerCase(),
    namespaced: row.namespaced,
    // What is worked out when somebody asks has no changes to watch.
    verbs: (strategy.virtual ? row.verbs.filter((verb) => verb !== 'watch') : row.verbs) as readonly Verb[],
    shortNames: row.shortNames ?? [],
    categories: row.categories ?? [],
    subresources: subresourcesOf(row, minor),
    type: typeOfMinor(row.type, minor),
    storage: second === undefined ? { group: '', version: first } : { group: first, version: second },
    strategy,
    ...(deprecation === undefined ? {} : { deprecation }),
  };
}

/**
 * What a cluster of Kubernetes 1.`minor` serves of the kinds that have a folder.
 * @throws AssertionError for a minor outside 24 to 36
 */
export function catalogueFor(minor: number): ResourceCatalogue {
  assert(minor >= oldestMinor && minor <= newestMinor, `Kubernetes 1.${minor} is not served`);
  let catalogue = catalogues.get(minor);
  if (catalogue === undefined) {
    const byKind = new Map(allStrategies.map((strategy) => [`${strategy.apiVersion} ${strategy.kind}`, strategy]));
    const resources: Resource[] = [];
    for (const row of rows) {
      if (!isServed(row, minor)) continue;
      const strategy = byKind.get(`${apiVersionOf(row)} ${row.kind}`);
      if (strategy !== undefined) resources.push(resourceOf(row, strategy, minor));
    }
    catalogue = indexResources(resources);
    catalogues.set(minor, catalogue);
  }
  return catalogue;
}

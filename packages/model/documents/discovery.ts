import { createHash } from 'node:crypto';
import type { Resource, ResourceCatalogue, Subresource, Verb } from '../resources.ts';

/** `apps/v1`, `v1`. */
function groupVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The versions of each group, in the catalogue's order. */
function groups(catalogue: ResourceCatalogue): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { group, version } of catalogue.groupVersions) {
    const versions = found.get(group) ?? [];
    versions.push(version);
    found.set(group, versions);
  }
  return found;
}

/** What `/api` answers (meta/v1 APIVersions). No address is told: clients keep to the one that they came by. */
export function apiVersions(): object {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
}

/** What `/apis` answers (meta/v1 APIGroupList). */
export function apiGroupList(catalogue: ResourceCatalogue): object {
  const list = [...groups(catalogue)]
    .filter(([group]) => group !== '')
    .map(([name, versions]) => {
      const all = versions.map((version) => ({ groupVersion: groupVersion(name, version), version }));
      return { name, versions: all, preferredVersion: all[0] };
    });
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: list };
}

/** Tells clients whether two resources are stored as the same kind: the first 8 bytes of a hash of its name, in base64. */
function storageVersionHash({ storage, kind }: Resource): string {
  const name = `${storage.group}/${storage.version}/${kind}`;
  return createHash('sha256').update(name).digest().subarray(0, 8).toString('base64');
}

/** What can be done while the definition of a resource is being deleted. */
const terminatingVerbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'watch'];

function verbsOf({ verbs, terminating }: Resource): readonly Verb[] {
  return terminating === true ? terminatingVerbs : verbs;
}

function resourceEntry(resource: Resource): object {
  return {
    name: resource.resource,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: verbsOf(resource),
    ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
    ...(resource.strategy.virtual === true ? {} : { storageVersionHash: storageVersionHash(resource) }),
  };
}

function subresourceEntry(resource: Resource, name: string, subresource: Subresource): object {
  const foreign = subresource.group !== resource.group || subresource.version !== resource.version;
  return {
    name: `${resource.resource}/${name}`,
    singularName: '',
    namespaced: resource.namespaced,
    ...(foreign ? { group: subresource.group, version: subresource.version } : {}),
    kind: subresource.kind,
    verbs: subresource.verbs,
  };
}

function subresourcesOf(resource: Resource): [string, Subresource][] {
  return Object.entries(resource.subresources).sort(([left], [right]) => (left < right ? -1 : 1));
}

/** What `/api/v1` and `/apis/GROUP/VERSION` answer (meta/v1 APIResourceList). */
export function apiResourceList(catalogue: ResourceCatalogue, group: string, version: string): object {
  const resources = catalogue
    .resourcesOf(group, version)
    .flatMap((resource) => [
      resourceEntry(resource),
      ...subresourcesOf(resource).map(([name, subresource]) => subresourceEntry(resource, name, subresource)),
    ]);
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: groupVersion(group, version),
    resources,
  };
}

function discoveryEntry(resource: Resource): object {
  const subresources = subresourcesOf(resource).map(([name, { group, version, kind, verbs }]) => ({
    subresource: name,
    responseKind: { group, version, kind },
    verbs,
  }));
  return {
    resource: resource.resource,
    responseKind: { group: resource.group, version: resource.version, kind: resource.kind },
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: verbsOf(resource),
    ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

/**
 * Everything at once: what `/api` and `/apis` answer to a client that accepts apidiscovery.k8s.io APIGroupDiscoveryList.
 * @param version of apidiscovery.k8s.io; the two differ in nothing else
 */
export function aggregatedDiscovery(
  catalogue: ResourceCatalogue,
  root: 'api' | 'apis',
  version: 'v2' | 'v2beta1' = 'v2',
): object {
  const items = [...groups(catalogue)]
    .filter(([group]) => (group === '') === (root === 'api'))
    .map(([group, versions]) => ({
      metadata: group === '' ? {} : { name: group },
      versions: versions.map((each) => ({
        version: each,
        resources: catalogue.resourcesOf(group, each).map(discoveryEntry),
        freshness: 'Current',
      })),
    }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items };
}

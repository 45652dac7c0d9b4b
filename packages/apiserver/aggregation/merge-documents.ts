import type { RemoteApi } from './remote-api.ts';
import type { RemoteDocuments } from './remote-documents.ts';

/** One remote API and what it said of itself when it was last asked. */
export interface KnownApi {
  readonly api: RemoteApi;
  readonly documents: RemoteDocuments | undefined;
}

type Json = Record<string, any>;

/** Remote groups in the order in which clients should prefer them, each with its versions in theirs. */
function groupsOf(apis: readonly KnownApi[]): [string, KnownApi[]][] {
  const sorted = [...apis].sort(
    ({ api: one }, { api: other }) =>
      other.versionPriority - one.versionPriority || (one.version < other.version ? -1 : 1),
  );
  const groups = new Map<string, KnownApi[]>();
  for (const known of sorted) groups.set(known.api.group, [...(groups.get(known.api.group) ?? []), known]);
  const priority = (of: readonly KnownApi[]) => Math.max(...of.map(({ api }) => api.groupPriority));
  return [...groups].sort(([one, left], [other, right]) => priority(right) - priority(left) || (one < other ? -1 : 1));
}

/** meta/v1 APIGroup of a group, with the remote versions behind the local ones. */
export function mergeGroup(local: Json | undefined, name: string, apis: readonly KnownApi[]): Json {
  const remote = (groupsOf(apis).find(([group]) => group === name)?.[1] ?? []).map(({ api: { version } }) => ({
    groupVersion: `${name}/${version}`,
    version,
  }));
  const own: Json[] = (local?.['versions'] ?? []).filter(
    ({ version }: Json) => !remote.some((one) => one.version === version),
  );
  const versions = [...own, ...remote];
  return { ...local, name, versions, preferredVersion: versions[0] };
}

/** What `/apis` answers (meta/v1 APIGroupList). */
export function mergeGroupList(local: Json, apis: readonly KnownApi[]): Json {
  const remote = groupsOf(apis).map(([name]) => name);
  const groups: Json[] = local['groups'];
  const merged = groups.map((group) =>
    remote.includes(group['name']) ? mergeGroup(group, group['name'], apis) : group,
  );
  const added = remote.filter((name) => !groups.some((group) => group['name'] === name));
  return { ...local, groups: [...merged, ...added.map((name) => mergeGroup(undefined, name, apis))] };
}

/** What `/apis` answers to those who ask for everything at once (apidiscovery.k8s.io APIGroupDiscoveryList). */
export function mergeDiscovery(local: Json, apis: readonly KnownApi[]): Json {
  const remote = new Map(groupsOf(apis));
  const versionsOf = (name: string) =>
    remote.get(name)!.map(({ api, documents }) => ({
      version: api.version,
      ...(documents === undefined ? {} : { resources: documents.resources }),
      freshness: api.available && documents !== undefined ? 'Current' : 'Stale',
    }));
  const items: Json[] = local['items'].map((item: Json) => {
    const name: string = item['metadata']?.name ?? '';
    if (!remote.has(name)) return item;
    const added = versionsOf(name);
    const own = item['versions'].filter(({ version }: Json) => !added.some((one) => one.version === version));
    return { ...item, versions: [...own, ...added] };
  });
  const names = new Set(items.map((item) => item['metadata']?.name));
  const added = [...remote.keys()].filter((name) => !names.has(name));
  return { ...local, items: [...items, ...added.map((name) => ({ metadata: { name }, versions: versionsOf(name) }))] };
}

/** What `/openapi/v3` answers: where each group-version's document is. */
export function mergeOpenApiIndex(local: Json, apis: readonly KnownApi[]): Json {
  const paths: Json = { ...local['paths'] };
  for (const { api, documents } of apis) {
    if (documents?.openApiV3 === undefined) continue;
    paths[`apis/${api.group}/${api.version}`] = { serverRelativeURL: documents.openApiV3 };
  }
  return { ...local, paths };
}

/** What `/openapi/v2` answers. A definition that both have is the local one. */
export function mergeOpenApiV2(local: Json, apis: readonly KnownApi[]): Json {
  const definitions: Json = { ...local['definitions'] };
  const paths: Json = { ...local['paths'] };
  for (const { documents } of apis) {
    const { openApiV2 } = documents ?? {};
    if (openApiV2 === undefined) continue;
    for (const [name, schema] of Object.entries(openApiV2.definitions)) definitions[name] ??= schema;
    Object.assign(paths, openApiV2.paths);
  }
  return { ...local, definitions, paths };
}

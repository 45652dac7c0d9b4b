import type { DiscoveredResource } from './client.ts';
import type { Exchange } from './exchange.ts';
import { groupVersionPath } from './request-path.ts';

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** Reads meta/v1 APIVersions, APIGroupList and APIResourceList documents; sub-resources are left out. */
export async function discover(exchange: Exchange): Promise<DiscoveredResource[]> {
  const groupVersions = await preferredVersions(exchange);
  const lists = await Promise.all(groupVersions.map((groupVersion) => resourcesOf(exchange, groupVersion)));
  return lists.flat();
}

async function preferredVersions(exchange: Exchange): Promise<GroupVersion[]> {
  const [core, groups] = await Promise.all([exchange.json('GET', '/api'), exchange.json('GET', '/apis')]);
  const found: GroupVersion[] = (core?.versions ?? []).map((version: string) => ({ group: '', version }));
  for (const group of groups?.groups ?? []) found.push({ group: group.name, version: group.preferredVersion.version });
  return found;
}

async function resourcesOf(exchange: Exchange, { group, version }: GroupVersion): Promise<DiscoveredResource[]> {
  const list = await exchange.json('GET', groupVersionPath(group, version));
  return (list?.resources ?? [])
    .filter((entry: { name: string }) => !entry.name.includes('/'))
    .map((entry: { name: string; kind: string; namespaced: boolean; verbs?: string[] }) => ({
      group,
      version,
      kind: entry.kind,
      resource: entry.name,
      namespaced: entry.namespaced,
      verbs: entry.verbs ?? [],
    }));
}

import { assert } from '@keelson/base';
import type { Resource, ResourceCatalogue } from '../resources.ts';

/** Sorts versions as discovery prefers them: stable before beta before alpha, and the higher number first. */
export function compareVersions(left: string, right: string): number {
  const [leftRank, rightRank] = [versionRank(left), versionRank(right)];
  for (let index = 0; index < leftRank.length; index++) {
    if (leftRank[index] !== rightRank[index]) return rightRank[index]! - leftRank[index]!;
  }
  return left < right ? -1 : left > right ? 1 : 0;
}

function versionRank(version: string): number[] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return [-1, 0, 0];
  const stability = match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0;
  return [stability, Number(match[1]), Number(match[3] ?? 0)];
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** A catalogue of exactly these resources. */
export function indexResources(resources: readonly Resource[]): ResourceCatalogue {
  const byResource = new Map<string, Resource>();
  const byKind = new Map<string, Resource>();
  const byVersion = new Map<string, Resource[]>();
  const sorted = [...resources].sort((left, right) => compareText(left.resource, right.resource));
  for (const each of sorted) {
    const home = `${each.group}/${each.version}`;
    assert(!byResource.has(`${home}/${each.resource}`), `${home} serves ${each.resource} once`);
    byResource.set(`${home}/${each.resource}`, each);
    byKind.set(`${home}/${each.kind}`, each);
    const list = byVersion.get(home) ?? [];
    list.push(each);
    byVersion.set(home, list);
  }
  const groupVersions = [
    ...new Map(sorted.map(({ group, version }) => [`${group}/${version}`, { group, version }])).values(),
  ];
  groupVersions.sort(
    (left, right) => compareText(left.group, right.group) || compareVersions(left.version, right.version),
  );
  const stored = sorted.filter(
    (each) =>
      each.storage.group === each.group && each.storage.version === each.version && each.strategy.virtual !== true,
  );
  return {
    groupVersions,
    resourcesOf: (group, version) => byVersion.get(`${group}/${version}`) ?? [],
    find: (group, version, resource) => byResource.get(`${group}/${version}/${resource}`),
    findKind: (group, version, kind) => byKind.get(`${group}/${version}/${kind}`),
    stored: () => stored,
  };
}

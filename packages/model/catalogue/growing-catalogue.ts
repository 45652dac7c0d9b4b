import type { Resource, ResourceCatalogue } from '../resources.ts';
import { compareVersions } from './resource-index.ts';

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** What one owner brings. */
interface Share {
  readonly resources: readonly Resource[];
}

/**
 * A catalogue that others add to while it is in use: what a server serves from the start, and the resources of
 * CustomResourceDefinitions. Of two resources of one name the one from the start is served. A change costs what changes,
 * and what is shown as lists is put together when it is asked for.
 */
export class GrowingCatalogue implements ResourceCatalogue {
  readonly #fixed: ResourceCatalogue;
  readonly #shares = new Map<string, Share>();
  readonly #byResource = new Map<string, Resource>();
  readonly #byKind = new Map<string, Resource>();
  /** The resources of the group-versions that somebody added to; those of the start among them. */
  readonly #lists = new Map<string, { readonly place: GroupVersion; readonly resources: readonly Resource[] }>();
  #groupVersions: readonly GroupVersion[] | undefined;
  #revision = 0;

  constructor(fixed: ResourceCatalogue) {
    this.#fixed = fixed;
  }

  get revision(): number {
    return this.#revision;
  }

  get groupVersions(): readonly GroupVersion[] {
    this.#groupVersions ??= this.#sorted();
    return this.#groupVersions;
  }

  resourcesOf(group: string, version: string): readonly Resource[] {
    return this.#lists.get(`${group}/${version}`)?.resources ?? this.#fixed.resourcesOf(group, version);
  }

  find(group: string, version: string, resource: string): Resource | undefined {
    return this.#fixed.find(group, version, resource) ?? this.#byResource.get(`${group}/${version}/${resource}`);
  }

  findKind(group: string, version: string, kind: string): Resource | undefined {
    return this.#fixed.findKind(group, version, kind) ?? this.#byKind.get(`${group}/${version}/${kind}`);
  }

  /** Those from the start: the others are stored, and cached, by whoever brings them. */
  stored(): readonly Resource[] {
    return this.#fixed.stored();
  }

  /** Whether a resource is served from the start, so that nobody can bring another of its name. */
  isFixed(group: string, resource: string): boolean {
    return this.#fixed.groupVersions.some(
      (each) => each.group === group && this.#fixed.find(group, each.version, resource) !== undefined,
    );
  }

  /** Serves these resources as the ones of `owner`, in place of what it brought before; none takes them away. */
  replace(owner: string, resources: readonly Resource[]): void {
    const before = this.#shares.get(owner)?.resources ?? [];
    const served = resources.filter(({ group, resource }) => !this.isFixed(group, resource));
    for (const each of before) {
      if (this.#byResource.get(resourceKey(each)) === each) this.#byResource.delete(resourceKey(each));
      if (this.#byKind.get(kindKey(each)) === each) this.#byKind.delete(kindKey(each));
    }
    for (const each of served) {
      this.#byResource.set(resourceKey(each), each);
      this.#byKind.set(kindKey(each), each);
    }
    if (served.length === 0) this.#shares.delete(owner);
    else this.#shares.set(owner, { resources: served });
    const gone = new Set(before);
    for (const place of [...before, ...served]) this.#relist(place, gone, served);
    this.#groupVersions = undefined;
    this.#revision++;
  }

  #relist({ group, version }: GroupVersion, gone: ReadonlySet<Resource>, added: readonly Resource[]): void {
    const key = `${group}/${version}`;
    const kept = this.resourcesOf(group, version).filter((each) => !gone.has(each) && !added.includes(each));
    const own = added.filter((each) => each.group === group && each.version === version);
    const resources = [...kept, ...own].sort((left, right) => compareText(left.resource, right.resource));
    if (resources.length === 0) this.#lists.delete(key);
    else this.#lists.set(key, { place: { group, version }, resources });
  }

  #sorted(): readonly GroupVersion[] {
    const all = new Map(this.#fixed.groupVersions.map((each) => [`${each.group}/${each.version}`, each]));
    for (const [key, { place }] of this.#lists) if (!all.has(key)) all.set(key, place);
    return [...all.values()].sort(
      (left, right) => compareText(left.group, right.group) || compareVersions(left.version, right.version),
    );
  }
}

function resourceKey({ group, version, resource }: Resource): string {
  return `${group}/${version}/${resource}`;
}

function kindKey({ group, version, kind }: Resource): string {
  return `${group}/${version}/${kind}`;
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

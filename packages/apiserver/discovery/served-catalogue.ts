import type { Resource, ResourceCatalogue } from '@keelson/model';

/** Knows what is answered. */
export interface ServedResources {
  answers(resource: Resource, subresource?: string): boolean;
}

/** `catalogue` without the resources and sub-resources that nobody answers: discovery lists what is there. */
export function catalogueOf(catalogue: ResourceCatalogue, serves: ServedResources): ResourceCatalogue {
  return new TrimmedCatalogue(catalogue, serves);
}

type GroupVersions = ResourceCatalogue['groupVersions'];

class TrimmedCatalogue implements ResourceCatalogue {
  readonly #catalogue: ResourceCatalogue;
  readonly #serves: ServedResources;
  /** What became of a list: the lists are the same while nothing in them changes. */
  readonly #lists = new WeakMap<readonly Resource[], readonly Resource[]>();
  readonly #versions = new WeakMap<GroupVersions, GroupVersions>();

  constructor(catalogue: ResourceCatalogue, serves: ServedResources) {
    this.#catalogue = catalogue;
    this.#serves = serves;
  }

  get revision(): number {
    return this.#catalogue.revision ?? 0;
  }

  get groupVersions(): GroupVersions {
    const all = this.#catalogue.groupVersions;
    let served = this.#versions.get(all);
    if (served === undefined) {
      served = all.filter(({ group, version }) => this.resourcesOf(group, version).length > 0);
      this.#versions.set(all, served);
    }
    return served;
  }

  resourcesOf(group: string, version: string): readonly Resource[] {
    return this.#served(this.#catalogue.resourcesOf(group, version));
  }

  find(group: string, version: string, resource: string): Resource | undefined {
    return this.#perhaps(this.#catalogue.find(group, version, resource));
  }

  findKind(group: string, version: string, kind: string): Resource | undefined {
    return this.#perhaps(this.#catalogue.findKind(group, version, kind));
  }

  stored(): readonly Resource[] {
    return this.#served(this.#catalogue.stored());
  }

  #served(resources: readonly Resource[]): readonly Resource[] {
    let served = this.#lists.get(resources);
    if (served === undefined) {
      served = resources.flatMap((resource) => this.#perhaps(resource) ?? []);
      this.#lists.set(resources, served);
    }
    return served;
  }

  #perhaps(resource: Resource | undefined): Resource | undefined {
    if (resource === undefined || !this.#serves.answers(resource)) return undefined;
    const names = Object.keys(resource.subresources);
    const answered = names.filter((name) => this.#serves.answers(resource, name));
    if (answered.length === names.length) return resource;
    const subresources = Object.fromEntries(answered.map((name) => [name, resource.subresources[name]!]));
    return { ...resource, subresources };
  }
}

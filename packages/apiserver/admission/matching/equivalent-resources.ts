import type { Resource, ResourceCatalogue } from '@keelson/model';

/** Which resources show the same stored objects in other groups or versions: autoscaling/v1 and v2, events of two groups. */
export class EquivalentResources {
  readonly #catalogue: ResourceCatalogue;
  #known = new WeakMap<Resource, readonly Resource[]>();
  #groupVersions: unknown;

  constructor(catalogue: ResourceCatalogue) {
    this.#catalogue = catalogue;
  }

  /** The others, in discovery's order; only those that have `subresource` when one is named. */
  of(resource: Resource, subresource: string): readonly Resource[] {
    const others = this.#others(resource);
    if (subresource === '' || others.length === 0) return others;
    return others.filter((other) => Object.hasOwn(other.subresources, subresource));
  }

  #others(resource: Resource): readonly Resource[] {
    const { groupVersions } = this.#catalogue;
    // Custom resources come and go; then the list of what is served is another one.
    if (groupVersions !== this.#groupVersions) {
      this.#known = new WeakMap();
      this.#groupVersions = groupVersions;
    }
    let others = this.#known.get(resource);
    if (others === undefined) {
      others = this.#find(resource);
      this.#known.set(resource, others);
    }
    return others;
  }

  #find(resource: Resource): Resource[] {
    const found: Resource[] = [];
    for (const { group, version } of this.#catalogue.groupVersions) {
      if (group === resource.group && version === resource.version) continue;
      const other = this.#catalogue.find(group, version, resource.resource);
      if (other !== undefined && other.storage.group === resource.storage.group) found.push(other);
    }
    return found;
  }
}

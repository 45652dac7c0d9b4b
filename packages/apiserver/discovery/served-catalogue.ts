import type { Resource, ResourceCatalogue } from '@keelson/model';

/** Knows what is answered. */
export interface ServedResources {
  answers(resource: Resource, subresource?: string): boolean;
}

/** `catalogue` without the resources and sub-resources that nobody answers: discovery lists what is there. */
export function catalogueOf(catalogue: ResourceCatalogue, serves: ServedResources): ResourceCatalogue {
  const trimmed = (resource: Resource): Resource => ({
    ...resource,
    subresources: Object.fromEntries(
      Object.entries(resource.subresources).filter(([subresource]) => serves.answers(resource, subresource)),
    ),
  });
  const perhaps = (resource: Resource | undefined) =>
    resource !== undefined && serves.answers(resource) ? trimmed(resource) : undefined;
  const served = (resources: readonly Resource[]) =>
    resources.filter((resource) => serves.answers(resource)).map(trimmed);
  return {
    groupVersions: catalogue.groupVersions.filter(({ group, version }) =>
      catalogue.resourcesOf(group, version).some((resource) => serves.answers(resource)),
    ),
    resourcesOf: (group, version) => served(catalogue.resourcesOf(group, version)),
    find: (group, version, resource) => perhaps(catalogue.find(group, version, resource)),
    findKind: (group, version, kind) => perhaps(catalogue.findKind(group, version, kind)),
    stored: () => served(catalogue.stored()),
  };
}

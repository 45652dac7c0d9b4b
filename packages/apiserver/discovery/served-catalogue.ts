import type { Resource, ResourceCatalogue } from '@keelson/model';

/** `catalogue` without the sub-resources that nobody answers: discovery lists what is there. */
export function catalogueOf(
  catalogue: ResourceCatalogue,
  serves: (resource: Resource, subresource: string) => boolean,
): ResourceCatalogue {
  const served = (resource: Resource): Resource => ({
    ...resource,
    subresources: Object.fromEntries(
      Object.entries(resource.subresources).filter(([subresource]) => serves(resource, subresource)),
    ),
  });
  const perhaps = (resource: Resource | undefined) => resource && served(resource);
  return {
    groupVersions: catalogue.groupVersions,
    resourcesOf: (group, version) => catalogue.resourcesOf(group, version).map(served),
    find: (group, version, resource) => perhaps(catalogue.find(group, version, resource)),
    findKind: (group, version, kind) => perhaps(catalogue.findKind(group, version, kind)),
    stored: () => catalogue.stored().map(served),
  };
}

import { createHash } from 'node:crypto';
import sources from '../generated/sources.json' with { type: 'json' };
import type { GroupVersionKind, Resource, ResourceCatalogue } from '../resources.ts';
import { hasType, listTypeOf } from '../tables/struct-type.ts';
import { listName, resourcePaths } from './operations.ts';
import {
  type Descriptions,
  listSchema,
  reachableTypes,
  type Schema,
  schemaName,
  structSchema,
  wellKnownSchemas,
} from './schema.ts';

/** Grows when what is made of the same tables changes: clients keep documents by their hash. */
const form = '1';

function pathOf(group: string, version: string): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

const plainHashes = new WeakMap<readonly Resource[], string>();
const describedHashes = new WeakMap<readonly Resource[], string>();

/** Stands for the document without making it: it follows from the tables and the resources. */
function hashOf(resources: readonly Resource[], described: boolean): string {
  const hashes = described ? describedHashes : plainHashes;
  let hash = hashes.get(resources);
  if (hash === undefined) {
    const shape = resources.map(({ strategy: _, ...rest }) => rest);
    const text = JSON.stringify([form, described, sources.outputs['kubernetes-types.json'], shape]);
    hash = createHash('sha512').update(text).digest('hex').toUpperCase();
    hashes.set(resources, hash);
  }
  return hash;
}

/** What `/openapi/v3` answers: where the document of each group-version is. @param described they have descriptions */
export function openApiV3Index(catalogue: ResourceCatalogue, described = false): object {
  const paths = catalogue.groupVersions.map(({ group, version }) => {
    const serverRelativeURL = openApiV3Url(catalogue, group, version, described);
    return [pathOf(group, version), { serverRelativeURL }];
  });
  return { paths: Object.fromEntries(paths) };
}

/** Where the document of a group-version is: by its hash, so that clients can keep it for ever. */
export function openApiV3Url(catalogue: ResourceCatalogue, group: string, version: string, described: boolean): string {
  const hash = hashOf(catalogue.resourcesOf(group, version), described);
  return `/openapi/v3/${pathOf(group, version)}?hash=${hash}`;
}

const kindExtension = 'x-kubernetes-group-version-kind';

function kindOf({ group, version, kind }: GroupVersionKind): object {
  return { group, version, kind };
}

function listKindOf({ group, version, kind, listKind = `${kind}List` }: Resource): object {
  return { group, version, kind: listKind };
}

/** The kinds that the types of the documents are, and the lists that the tables do not have. */
function addKinds(schemas: Record<string, Schema>, resources: readonly Resource[]): void {
  for (const resource of resources) {
    const own = schemas[schemaName(resource.type)];
    if (own !== undefined) own[kindExtension] = [kindOf(resource)];
    if (resource.verbs.includes('list')) {
      const list = (schemas[listName(resource)] ??= listSchema(resource.type));
      list[kindExtension] = [listKindOf(resource)];
    }
    for (const subresource of Object.values(resource.subresources)) {
      const schema = schemas[schemaName(subresource.type)];
      if (schema !== undefined) schema[kindExtension] ??= [kindOf(subresource)];
    }
  }
}

/**
 * The OpenAPI v3 document of one group-version: what `/openapi/v3/apis/GROUP/VERSION` answers. kubectl reads from it
 * how to merge, whether the server validates fields and dry runs, and what `kubectl explain` prints.
 */
export function openApiV3(
  catalogue: ResourceCatalogue,
  group: string,
  version: string,
  descriptions?: Descriptions,
): object {
  const resources = catalogue.resourcesOf(group, version);
  const roots = resources.flatMap((resource) => [
    resource.type,
    ...(hasType(listTypeOf(resource.type)) ? [listTypeOf(resource.type)] : []),
    ...Object.values(resource.subresources).map(({ type }) => type),
  ]);
  const types = reachableTypes([...roots, 'meta/v1.DeleteOptions', 'meta/v1.Status', 'meta/v1.ListMeta']);
  const schemas: Record<string, Schema> = {};
  for (const type of types) schemas[schemaName(type)] = structSchema(type, descriptions);
  for (const resource of resources)
    if (resource.form !== undefined) schemas[schemaName(resource.type)] = resource.form.published();
  addKinds(schemas, resources);
  const sorted = Object.entries({ ...schemas, ...wellKnownSchemas }).sort(([left], [right]) => (left < right ? -1 : 1));
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths: Object.assign({}, ...resources.map(resourcePaths)) as object,
    components: {
      schemas: Object.fromEntries(sorted),
      securitySchemes: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
    },
  };
}

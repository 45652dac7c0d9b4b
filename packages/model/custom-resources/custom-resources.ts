import type { ApplySchema, ApplyType } from '../apply/apply-schema.ts';
import { copyOf } from '../codec/own-property.ts';
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../generated/types/apiextensions-v1.ts';
import type { Resource, Subresource, Verb } from '../resources.ts';
import { CustomObjectForm } from './custom-object-form.ts';
import { customStrategy } from './custom-strategy.ts';
import { type Conversion, CustomVersions } from './custom-versions.ts';
import { deprecationWarning, isConditionTrue, storageVersion } from './definition-names.ts';
import { structuralApplyType } from './structural-apply-types.ts';
import { asResource, type StructuralSchema, structuralSchema } from './structural-schema.ts';

const verbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const subresourceVerbs = ['get', 'patch', 'update'] as const;

/** One version of a custom resource: a resource like any other, whose type its definition states. */
export interface CustomResource extends Resource {
  readonly form: CustomObjectForm;
  /** Made when it is first needed. */
  readonly schema: () => StructuralSchema;
  readonly definition: Readonly<CustomResourceDefinition>;
  readonly versions: CustomVersions;
}

/**
 * Every version of what a definition defines, whether it is served or not, under the names that were accepted. It costs
 * little before the first object comes: schemas are taken apart when they are needed.
 * @param convert between versions; without it they differ in nothing but their schemas
 */
export function customResources(
  definition: Readonly<CustomResourceDefinition>,
  convert?: Conversion,
): CustomResource[] {
  const { spec } = definition;
  const versions = new CustomVersions(spec.group, storageVersion(spec), convert);
  return spec.versions.map((version) => customResource(definition, version, versions));
}

function customResource(
  definition: Readonly<CustomResourceDefinition>,
  version: CustomResourceDefinitionVersion,
  versions: CustomVersions,
): CustomResource {
  const { spec } = definition;
  const names = definition.status?.acceptedNames ?? spec.names;
  const place = { group: spec.group, version: version.name, kind: names.kind };
  const apiVersion = `${spec.group}/${version.name}`;
  const type = `${apiVersion}.${names.kind}`;
  const schema = once(() => asResource(structuralSchema(version.schema?.openAPIV3Schema ?? {})));
  const form = new CustomObjectForm(version.name, schema, versions);
  const deprecation = deprecationWarning(spec, version.name);
  return {
    ...place,
    resource: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    listKind: names.listKind ?? `${names.kind}List`,
    namespaced: spec.scope === 'Namespaced',
    verbs,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    subresources: subresourcesOf(place, type, version),
    type,
    storage: { group: spec.group, version: storageVersion(spec) },
    strategy: customStrategy({
      apiVersion,
      kind: names.kind,
      version,
      schema,
      defaults: (object) => form.defaults(object),
      applySchema: applySchemaOf(definition, versions),
    }),
    form,
    schema,
    definition,
    versions,
    ...(isConditionTrue(definition, 'Terminating') ? { terminating: true } : {}),
    ...(deprecation === undefined ? {} : { deprecation }),
  };
}

/** How configurations are merged; a version that is not served any more has no type. */
function applySchemaOf({ spec }: Readonly<CustomResourceDefinition>, versions: CustomVersions): ApplySchema {
  const types = new Map<string, ApplyType>();
  return {
    typeOf(apiVersion) {
      const form = versions.formOf(apiVersion);
      const served = spec.versions.some((version) => version.served && `${spec.group}/${version.name}` === apiVersion);
      if (form === undefined || !served) return undefined;
      let type = types.get(apiVersion);
      if (type === undefined) {
        type = structuralApplyType(form.schema);
        types.set(apiVersion, type);
      }
      return type;
    },
    convert: (object, apiVersion) => versions.convert(copyOf(object), apiVersion),
  };
}

function subresourcesOf(
  place: { readonly group: string; readonly version: string; readonly kind: string },
  type: string,
  { subresources }: CustomResourceDefinitionVersion,
): Record<string, Subresource> {
  const scale = { group: 'autoscaling', version: 'v1', kind: 'Scale', type: 'autoscaling/v1.Scale' };
  return {
    ...(subresources?.status === undefined ? {} : { status: { ...place, type, verbs: subresourceVerbs } }),
    ...(subresources?.scale === undefined ? {} : { scale: { ...scale, verbs: subresourceVerbs } }),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

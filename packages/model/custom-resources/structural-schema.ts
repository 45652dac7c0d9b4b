import type { JSONSchemaProps } from '../generated/types/apiextensions-v1.ts';

/**
 * A schema of a CustomResourceDefinition that says of every field where it is
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema),
 * made ready to walk objects with.
 */
export interface StructuralSchema {
  /** What the definition says of this value itself. */
  readonly props: JSONSchemaProps;
  readonly properties: ReadonlyMap<string, StructuralSchema>;
  /** Of the properties that are not named; undefined also when it is only said whether there may be any. */
  readonly additionalProperties: StructuralSchema | undefined;
  /** Properties that are not named are kept. */
  readonly open: boolean;
  readonly items: StructuralSchema | undefined;
  readonly preserves: boolean;
  readonly embedded: boolean;
  /** It, or something in it, has a default. */
  readonly defaulted: boolean;
  /** Something in it is a whole object with apiVersion, kind and metadata. */
  readonly embeds: boolean;
  /** Something in it is a list whose elements have to differ. */
  readonly distinct: boolean;
}

const noProperties: ReadonlyMap<string, StructuralSchema> = new Map();

/** The schema as a tree. @param props a schema without the fields that structural schemas cannot have */
export function structuralSchema(props: JSONSchemaProps): StructuralSchema {
  const entries = props.properties === undefined ? [] : Object.entries(props.properties);
  const properties =
    entries.length === 0 ? noProperties : new Map(entries.map(([name, inner]) => [name, structuralSchema(inner)]));
  const { additionalProperties: more } = props;
  const additionalProperties = typeof more === 'object' ? structuralSchema(more) : undefined;
  const items = props.items === undefined || Array.isArray(props.items) ? undefined : structuralSchema(props.items);
  const embedded = props['x-kubernetes-embedded-resource'] === true;
  const inner = [...properties.values()];
  if (additionalProperties !== undefined) inner.push(additionalProperties);
  if (items !== undefined) inner.push(items);
  const listType = props['x-kubernetes-list-type'];
  return {
    props,
    properties,
    additionalProperties,
    open: more !== undefined,
    items,
    preserves: props['x-kubernetes-preserve-unknown-fields'] === true,
    embedded,
    defaulted: hasDefault(props) || inner.some((schema) => schema.defaulted),
    embeds: embedded || inner.some((schema) => schema.embeds),
    distinct: listType === 'set' || listType === 'map' || inner.some((schema) => schema.distinct),
  };
}

/** Whether the schema itself has a default; a default of null is none. */
export function hasDefault(props: JSONSchemaProps): boolean {
  return props.default !== undefined && props.default !== null;
}

/** The schema as the root of an object: its apiVersion, kind and metadata are known without being named. */
export function asResource(schema: StructuralSchema): StructuralSchema {
  return schema.embedded ? schema : { ...schema, embedded: true, embeds: true };
}

const flat = new WeakMap<JSONSchemaProps, readonly JSONSchemaProps[]>();
const nothing: readonly JSONSchemaProps[] = [];

/** Everything that a schema consists of, itself first, also what stands below allOf, anyOf, oneOf and not. */
export function schemasIn(props: JSONSchemaProps | undefined): readonly JSONSchemaProps[] {
  if (props === undefined) return nothing;
  let found = flat.get(props);
  if (found === undefined) {
    const all = [props];
    for (let at = 0; at < all.length; at++) addInner(all[at]!, all);
    found = all;
    flat.set(props, found);
  }
  return found;
}

function addInner(props: JSONSchemaProps, to: JSONSchemaProps[]): void {
  const { items, additionalProperties, additionalItems, dependencies } = props;
  if (Array.isArray(items)) for (const each of items) to.push(each);
  else if (items !== undefined) to.push(items);
  for (const list of [props.allOf, props.anyOf, props.oneOf])
    if (list !== undefined) for (const each of list) to.push(each);
  if (props.not !== undefined) to.push(props.not);
  for (const map of [props.properties, props.patternProperties, props.definitions])
    if (map !== undefined) for (const name of Object.keys(map)) to.push(map[name]!);
  if (typeof additionalProperties === 'object') to.push(additionalProperties);
  if (typeof additionalItems === 'object') to.push(additionalItems);
  if (dependencies !== undefined)
    for (const each of Object.values(dependencies)) if (!Array.isArray(each)) to.push(each);
}

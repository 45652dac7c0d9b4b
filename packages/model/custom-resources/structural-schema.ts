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

/** Everything that a schema consists of, itself first, also what stands below allOf, anyOf, oneOf and not. */
export function* schemasIn(props: JSONSchemaProps | undefined): Generator<JSONSchemaProps> {
  const waiting = props === undefined ? [] : [props];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    yield next;
    waiting.push(...innerSchemas(next));
  }
}

function innerSchemas(props: JSONSchemaProps): JSONSchemaProps[] {
  const { items, additionalProperties, additionalItems, not } = props;
  const found: JSONSchemaProps[] = [];
  if (Array.isArray(items)) found.push(...items);
  else if (items !== undefined) found.push(items);
  for (const list of [props.allOf, props.anyOf, props.oneOf]) if (list !== undefined) found.push(...list);
  if (not !== undefined) found.push(not);
  for (const map of [props.properties, props.patternProperties, props.definitions])
    if (map !== undefined) found.push(...Object.values(map));
  for (const one of [additionalProperties, additionalItems]) if (typeof one === 'object') found.push(one);
  for (const one of Object.values(props.dependencies ?? {})) if (!Array.isArray(one)) found.push(one);
  return found;
}

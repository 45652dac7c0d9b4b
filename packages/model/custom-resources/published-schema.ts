import type { JSONSchemaProps } from '../generated/types/apiextensions-v1.ts';
import { sameJsonValue } from './json-equality.ts';

type Schema = Record<string, unknown>;

const meta = '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const apiVersionText =
  'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources';
const kindText =
  'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds';
const metadataText =
  "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/** What a definition says of a kind, as OpenAPI documents of version 3 have it: with what every object has. */
export function publishedSchema(props: JSONSchemaProps | undefined): Schema {
  // What keeps unknown fields at its root is not described: clients would refuse what the server takes.
  if (props === undefined || (props['x-kubernetes-preserve-unknown-fields'] === true && !hasProperties(props)))
    return { ...withMeta({ type: 'object' }), 'x-kubernetes-preserve-unknown-fields': true };
  return withMeta(converted(props));
}

function hasProperties({ properties }: JSONSchemaProps): boolean {
  return properties !== undefined && Object.keys(properties).length > 0;
}

function withMeta(schema: Schema): Schema {
  const properties = {
    ...(schema['properties'] as Schema | undefined),
    apiVersion: { type: 'string', description: apiVersionText },
    kind: { type: 'string', description: kindText },
    metadata: { description: metadataText, allOf: [{ $ref: meta }] },
  };
  return { ...schema, type: 'object', properties };
}

/** The schema with everything that it says; what an embedded object has without saying is put in. */
function converted(props: JSONSchemaProps): Schema {
  const { items, properties, additionalProperties, allOf, anyOf, oneOf, not, ...rest } = props;
  const each = (list: readonly JSONSchemaProps[]) => list.map(converted);
  const schema: Schema = {
    ...rest,
    ...(items === undefined || Array.isArray(items) ? {} : { items: converted(items) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, converted(inner)])),
        }),
    ...(additionalProperties === undefined
      ? {}
      : {
          additionalProperties:
            typeof additionalProperties === 'object' ? converted(additionalProperties) : additionalProperties,
        }),
    ...(allOf === undefined ? {} : { allOf: each(allOf) }),
    ...(anyOf === undefined ? {} : { anyOf: each(anyOf) }),
    ...(oneOf === undefined ? {} : { oneOf: each(oneOf) }),
    ...(not === undefined ? {} : { not: converted(not) }),
  };
  if (props['x-kubernetes-int-or-string'] === true) unfold(schema);
  return props['x-kubernetes-embedded-resource'] === true ? withMeta(schema) : schema;
}

const intOrString = [{ type: 'integer' }, { type: 'string' }];

/** Says in plain OpenAPI what x-kubernetes-int-or-string means, unless the schema does. */
function unfold(schema: Schema): void {
  const { anyOf, allOf } = schema as { anyOf?: Schema[]; allOf?: Schema[] };
  if (sameJsonValue(anyOf, intOrString) || sameJsonValue(allOf?.[0]?.['anyOf'], intOrString)) return;
  if (anyOf === undefined) schema['anyOf'] = intOrString;
  else schema['allOf'] = [{ anyOf: intOrString }, ...(allOf ?? [])];
}

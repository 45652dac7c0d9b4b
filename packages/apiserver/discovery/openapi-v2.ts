import type { Turn } from '@keelson/base';
import { type Descriptions, openApiV3, type ResourceCatalogue } from '@keelson/model';
import { pathItemV2 } from './openapi-v2-paths.ts';

type Schema = Record<string, any>;

/**
 * OpenAPI version 2 (GET /openapi/v2), taken from the version 3 documents of every group-version. Old clients check
 * objects against its definitions before they send them, and look in its paths for what a server can do. It is long, and
 * made in turns with other work.
 */
export async function openApiV2(
  catalogue: ResourceCatalogue,
  version: string,
  turn: Turn,
  descriptions?: Descriptions,
): Promise<Schema> {
  const definitions: Schema = {};
  const paths: Schema = {};
  for (const { group, version: served } of catalogue.groupVersions) {
    const document = openApiV3(catalogue, group, served, descriptions) as Schema;
    for (const [name, schema] of Object.entries<Schema>(document['components'].schemas))
      definitions[name] ??= schemaV2(schema);
    if (turn.over) await turn.next();
    for (const [path, item] of Object.entries<Schema>(document['paths'])) paths[path] = pathItemV2(item);
    if (turn.over) await turn.next();
  }
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version },
    paths,
    definitions,
    securityDefinitions: {
      BearerToken: {
        description: 'Bearer Token authentication',
        type: 'apiKey',
        name: 'authorization',
        in: 'header',
      },
    },
    security: [{ BearerToken: [] }],
  };
}

/** A schema without what only version 3 can say. */
export function schemaV2(schema: Schema): Schema {
  if (schema['nullable'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true) return openV2(schema);
  const {
    allOf,
    oneOf,
    anyOf: _,
    not: ___,
    $ref,
    items,
    properties,
    additionalProperties,
    default: value,
    nullable: __,
    ...rest
  } = schema;
  if ($ref !== undefined) return { $ref: $ref.replace('#/components/schemas/', '#/definitions/') };
  // A reference may have a description beside it; what else it has is the type's own.
  if (allOf?.length === 1 && allOf[0].$ref !== undefined) return { ...rest, ...schemaV2(allOf[0]) };
  // Numbers that may be text: version 2 calls them text, and its readers take both.
  if (oneOf !== undefined && rest.type === undefined && rest['x-kubernetes-int-or-string'] === undefined)
    return { ...rest, type: 'string' };
  return {
    ...rest,
    // The zero of a type goes without saying.
    ...(value === undefined || value === '' || value === 0 || value === false ? {} : { default: value }),
    ...(items === undefined ? {} : { items: schemaV2(items) }),
    ...(properties === undefined ? {} : { properties: eachV2(properties) }),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: schemaV2(additionalProperties) } : {}),
  };
}

const kindExtension = 'x-kubernetes-group-version-kind';

/** What may be null, or have fields that nobody knows, has no type there: clients would refuse what the server takes. */
function openV2({ description, properties, ...schema }: Schema): Schema {
  // Of a whole kind not even its metadata is told: clients would take that for everything there is.
  if (schema[kindExtension] !== undefined) return { type: 'object', [kindExtension]: schema[kindExtension] };
  const extensions = Object.entries(schema).filter(([name]) => name.startsWith('x-'));
  const described = description === undefined ? {} : { description };
  // A whole object keeps what clients know it by.
  const { apiVersion, kind, metadata } = properties ?? {};
  const meta = metadata === undefined ? {} : { properties: eachV2({ apiVersion, kind, metadata }) };
  return {
    ...described,
    ...(metadata === undefined ? {} : { type: 'object' }),
    ...meta,
    ...Object.fromEntries(extensions),
  };
}

function eachV2(schemas: Schema): Schema {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, schemaV2(schema)]));
}

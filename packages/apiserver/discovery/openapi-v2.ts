import { openApiV3, type ResourceCatalogue } from '@keelson/model';

type Schema = Record<string, any>;

/**
 * The definitions of OpenAPI version 2 (GET /openapi/v2), taken from the version 3 documents of every group-version.
 * kubectl checks lists of objects (`kind: List`) against them before it sends them. Paths are in version 3 alone.
 */
export function openApiV2(catalogue: ResourceCatalogue, version: string): Schema {
  const definitions: Schema = {};
  for (const { group, version: served } of catalogue.groupVersions) {
    const { components } = openApiV3(catalogue, group, served) as { components: { schemas: Schema } };
    for (const [name, schema] of Object.entries(components.schemas)) definitions[name] ??= versionTwo(schema);
  }
  return { swagger: '2.0', info: { title: 'Kubernetes', version }, paths: {}, definitions };
}

/** A schema without what only version 3 can say. */
function versionTwo(schema: Schema): Schema {
  const { allOf, oneOf, $ref, items, properties, additionalProperties, default: _, nullable: __, ...rest } = schema;
  if ($ref !== undefined) return { $ref: $ref.replace('#/components/schemas/', '#/definitions/') };
  if (allOf?.length === 1) return { ...rest, ...versionTwo(allOf[0]) };
  // Numbers that may be text: version 2 calls them text, and its readers take both.
  if (oneOf !== undefined) return { ...rest, type: 'string' };
  return {
    ...rest,
    ...(items === undefined ? {} : { items: versionTwo(items) }),
    ...(properties === undefined ? {} : { properties: eachVersionTwo(properties) }),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: versionTwo(additionalProperties) } : {}),
  };
}

function eachVersionTwo(schemas: Schema): Schema {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, versionTwo(schema)]));
}

/** What client-go asks for, and what the answer is called. */
export const openApiV2Protobuf = {
  accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  contentType: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
};

/** The document in protobuf (google/gnostic openapiv2/OpenAPIv2.proto). */
export function encodeOpenApiV2(document: Schema): Uint8Array {
  const info = [text(1, document['info'].title), text(2, document['info'].version)];
  return Buffer.concat([
    text(1, document['swagger']),
    message(2, info),
    message(8, []),
    message(9, namedSchemas(document['definitions'])),
  ]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

function message(number: number, parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(length)]), ...parts]);
}

function text(number: number, value: string): Buffer {
  return message(number, [Buffer.from(value)]);
}

function namedSchemas(schemas: Schema): Buffer[] {
  return Object.entries(schemas).map(([name, schema]) => message(1, [text(1, name), message(2, fieldsOf(schema))]));
}

function fieldsOf(schema: Schema): Buffer[] {
  const fields: Buffer[] = [];
  if (schema['$ref'] !== undefined) fields.push(text(1, schema['$ref']));
  if (schema['format'] !== undefined) fields.push(text(2, schema['format']));
  if (schema['description'] !== undefined) fields.push(text(4, schema['description']));
  for (const name of schema['required'] ?? []) fields.push(text(19, name));
  if (schema['additionalProperties'] !== undefined)
    fields.push(message(21, [message(1, fieldsOf(schema['additionalProperties']))]));
  if (schema['type'] !== undefined) fields.push(message(22, [text(1, schema['type'])]));
  if (schema['items'] !== undefined) fields.push(message(23, [message(1, fieldsOf(schema['items']))]));
  if (schema['properties'] !== undefined) fields.push(message(25, namedSchemas(schema['properties'])));
  for (const [name, value] of Object.entries(schema)) {
    // A value of any form is carried as YAML, which JSON is.
    if (name.startsWith('x-')) fields.push(message(31, [text(1, name), message(2, [text(2, JSON.stringify(value))])]));
  }
  return fields;
}

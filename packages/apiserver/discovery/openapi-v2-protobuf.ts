import type { Turn } from '@keelson/base';

type Schema = Record<string, any>;

/** What clients ask for, and what the answer is called. */
export const openApiV2Protobuf = {
  accepted: [
    'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
    'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  ],
  contentType: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
};

/** An OpenAPI document of version 2 in protobuf (google/gnostic openapiv2/OpenAPIv2.proto). */
export async function encodeOpenApiV2(document: Schema, turn: Turn): Promise<Uint8Array> {
  const info = [text(1, document['info'].title), text(2, document['info'].version)];
  const paths: Buffer[] = [];
  for (const [path, item] of Object.entries<Schema>(document['paths'])) {
    paths.push(message(2, [text(1, path), message(2, pathItem(item))]));
    if (turn.over) await turn.next();
  }
  const definitions: Buffer[] = [];
  for (const entry of Object.entries<Schema>(document['definitions'])) {
    definitions.push(namedSchema(entry));
    if (turn.over) await turn.next();
  }
  return Buffer.concat([text(1, document['swagger']), message(2, info), message(8, paths), message(9, definitions)]);
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

function truth(number: number): Buffer {
  return Buffer.from([...varint(number * 8), 1]);
}

/** A value of any form is carried as YAML, which JSON is. */
function anything(number: number, value: unknown): Buffer {
  return message(number, [text(2, JSON.stringify(value))]);
}

function extensions(number: number, of: Schema): Buffer[] {
  return Object.entries(of)
    .filter(([name]) => name.startsWith('x-'))
    .map(([name, value]) => message(number, [text(1, name), anything(2, value)]));
}

const operationNumbers = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 };

function pathItem(item: Schema): Buffer[] {
  const parts: Buffer[] = [];
  for (const [method, number] of Object.entries(operationNumbers))
    if (item[method] !== undefined) parts.push(message(number, operation(item[method])));
  for (const parameter of item['parameters'] ?? []) parts.push(message(9, [message(1, parameterOf(parameter))]));
  return parts;
}

function operation(of: Schema): Buffer[] {
  return [
    ...(of['description'] === undefined ? [] : [text(3, of['description'])]),
    text(5, of['operationId']),
    ...of['produces'].map((type: string) => text(6, type)),
    ...of['consumes'].map((type: string) => text(7, type)),
    ...of['parameters'].map((parameter: Schema) => message(8, [message(1, parameterOf(parameter))])),
    message(
      9,
      Object.entries<Schema>(of['responses']).map(([code, answer]) =>
        message(1, [text(1, code), message(2, [message(1, response(answer))])]),
      ),
    ),
    ...of['schemes'].map((scheme: string) => text(10, scheme)),
    ...extensions(13, of),
  ];
}

function response({ description, schema }: Schema): Buffer[] {
  return [text(1, description), ...(schema === undefined ? [] : [message(2, [message(1, fieldsOf(schema))])])];
}

/** The numbers of what parameters in a query and in a path have in common differ. */
const parameterNumbers = {
  query: { form: 3, type: 6, uniqueItems: 20 },
  path: { form: 4, type: 5, uniqueItems: 19 },
} as const;

function parameterOf(parameter: Schema): Buffer[] {
  const { name, in: place, required, description, type, uniqueItems, schema } = parameter;
  const described = description === undefined ? [] : [description as string];
  if (place === 'body') {
    const parts = [text(2, name), text(3, place), ...(required ? [truth(4)] : []), message(5, fieldsOf(schema))];
    return [message(1, [...described.map((words) => text(1, words)), ...parts])];
  }
  const numbers = parameterNumbers[place as 'query' | 'path'];
  const parts = [
    ...(required ? [truth(1)] : []),
    text(2, place),
    ...described.map((words) => text(3, words)),
    text(4, name),
    text(numbers.type, type),
    ...(uniqueItems ? [truth(numbers.uniqueItems)] : []),
  ];
  return [message(2, [message(numbers.form, parts)])];
}

function namedSchema([name, schema]: [string, Schema]): Buffer {
  return message(1, [text(1, name), message(2, fieldsOf(schema))]);
}

function fieldsOf(schema: Schema): Buffer[] {
  const fields: Buffer[] = [];
  if (schema['$ref'] !== undefined) fields.push(text(1, schema['$ref']));
  if (schema['format'] !== undefined) fields.push(text(2, schema['format']));
  if (schema['description'] !== undefined) fields.push(text(4, schema['description']));
  if (schema['default'] !== undefined) fields.push(anything(5, schema['default']));
  for (const name of schema['required'] ?? []) fields.push(text(19, name));
  for (const value of schema['enum'] ?? []) fields.push(anything(20, value));
  if (schema['additionalProperties'] !== undefined)
    fields.push(message(21, [message(1, fieldsOf(schema['additionalProperties']))]));
  if (schema['type'] !== undefined) fields.push(message(22, [text(1, schema['type'])]));
  if (schema['items'] !== undefined) fields.push(message(23, [message(1, fieldsOf(schema['items']))]));
  if (schema['properties'] !== undefined)
    fields.push(message(25, Object.entries<Schema>(schema['properties']).map(namedSchema)));
  return [...fields, ...extensions(31, schema)];
}

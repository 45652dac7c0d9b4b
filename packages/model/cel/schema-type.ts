import { boolType, type CelType, doubleType, intType, listType, mapType, stringType } from './cel-type.ts';
import { escapeFieldName } from './values/field-names.ts';

/** What is read of a structural schema (apiextensions.k8s.io/v1 JSONSchemaProps, as plain JSON). */
export interface CelSchema {
  readonly type?: string;
  readonly format?: string;
  readonly nullable?: boolean;
  readonly properties?: Readonly<Record<string, CelSchema>>;
  readonly additionalProperties?: CelSchema | boolean;
  readonly items?: CelSchema | readonly CelSchema[];
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

/** The largest request that the cost model thinks of (DefaultMaxRequestSizeBytes). */
const maxRequestBytes = 3 * 1024 * 1024;
/** Bytes that the formats take in JSON, with quotes: at least, and the most characters. */
const formats: Readonly<Record<string, { kind: 'duration' | 'timestamp'; name: string; least: number; most: number }>> =
  {
    duration: { kind: 'duration', name: 'google.protobuf.Duration', least: 3, most: 32 },
    date: { kind: 'timestamp', name: 'google.protobuf.Timestamp', least: 12, most: 12 },
    'date-time': { kind: 'timestamp', name: 'google.protobuf.Timestamp', least: 21, most: 32 },
  };

function notNegative(value: number): number {
  return Math.max(0, value);
}

function stringOf(schema: CelSchema): CelType {
  const format = Object.hasOwn(formats, schema.format ?? '') ? formats[schema.format!] : undefined;
  if (format !== undefined) {
    return { ...format, parameters: [], maxElements: format.most, minSerializedSize: format.least };
  }
  const unbounded = maxRequestBytes - 2;
  if (schema.format === 'byte') {
    const maxElements = schema.maxLength === undefined ? unbounded : notNegative(schema.maxLength);
    return { kind: 'bytes', name: 'bytes', parameters: [], maxElements, minSerializedSize: 2 };
  }
  let maxElements = unbounded;
  // A code point takes up to four bytes.
  if (schema.maxLength !== undefined) maxElements = notNegative(schema.maxLength) * 4;
  else if (schema.enum !== undefined && schema.enum.length > 0) {
    const lengths = schema.enum.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0));
    maxElements = lengths.reduce((most, length) => Math.max(most, length), 0);
  }
  return { ...stringType, maxElements, minSerializedSize: 2 };
}

function listOf(schema: CelSchema, depth: number): CelType | undefined {
  if (schema.items === undefined || Array.isArray(schema.items)) return undefined;
  const items = schema.items as CelSchema;
  const element = build(items, items['x-kubernetes-embedded-resource'] === true, depth + 1);
  if (element === undefined) return undefined;
  const maxElements =
    schema.maxItems === undefined
      ? Math.floor((maxRequestBytes - 2) / ((element.minSerializedSize ?? 0) + 1))
      : notNegative(schema.maxItems);
  const kind = schema['x-kubernetes-list-type'];
  const keys =
    kind === 'set'
      ? []
      : kind === 'map'
        ? (schema['x-kubernetes-list-map-keys'] ?? []).map((key) => escapeFieldName(key) ?? key)
        : undefined;
  return { ...listType(element, maxElements), minSerializedSize: 2, ...(keys === undefined ? {} : { listKeys: keys }) };
}

/** Keys are text of no length to the cost model, as they are to Kubernetes'. */
const mapKey: CelType = { ...stringType, maxElements: 0 };

function mapOf(values: CelSchema, schema: CelSchema, depth: number): CelType | undefined {
  const value = build(values, values['x-kubernetes-embedded-resource'] === true, depth + 1);
  if (value === undefined) return undefined;
  const maxElements =
    schema.maxProperties === undefined
      ? Math.floor((maxRequestBytes - 2) / ((value.minSerializedSize ?? 0) + 6))
      : notNegative(schema.maxProperties);
  return { ...mapType(mapKey, value, maxElements), minSerializedSize: 2 };
}

function objectOf(schema: CelSchema, depth: number): CelType {
  const required = new Set(schema.required ?? []);
  const fields = new Map<string, CelType>();
  let minSerializedSize = 2;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const type = build(property, property['x-kubernetes-embedded-resource'] === true, depth + 1);
    if (type === undefined) continue;
    const escaped = escapeFieldName(name);
    if (escaped !== undefined) fields.set(escaped, type);
    if (required.has(name) && property.default === undefined) {
      minSerializedSize += name.length + (type.minSerializedSize ?? 0) + 4;
    }
  }
  return { kind: 'object', name: 'object', parameters: [], field: (name) => fields.get(name), minSerializedSize };
}

const text: CelSchema = { type: 'string' };
const objectMeta: CelSchema = { type: 'object', properties: { name: text, generateName: text } };

/** What every resource has, whether its schema says so or not. */
function withTypeAndMetadata(schema: CelSchema): CelSchema {
  const { kind, apiVersion, metadata } = schema.properties ?? {};
  const complete =
    kind?.type === 'string' &&
    apiVersion?.type === 'string' &&
    metadata?.type === 'object' &&
    metadata.properties?.['name']?.type === 'string' &&
    metadata.properties['generateName']?.type === 'string';
  if (complete) return schema;
  return { ...schema, properties: { ...schema.properties, kind: text, apiVersion: text, metadata: objectMeta } };
}

function shape(schema: CelSchema, depth: number): CelType | undefined {
  switch (schema.type) {
    case 'array':
      return listOf(schema, depth);
    case 'object':
      if (typeof schema.additionalProperties === 'object') return mapOf(schema.additionalProperties, schema, depth);
      return objectOf(schema, depth);
    case 'string':
      return stringOf(schema);
    case 'boolean':
      return { ...boolType, minSerializedSize: 4 };
    case 'number':
      return { ...doubleType, minSerializedSize: 1 };
    case 'integer':
      return { ...intType, minSerializedSize: 1 };
    default:
      return undefined;
  }
}

/** Schemas are not nested deeper than this; deeper parts cannot be named by an expression. */
const maxDepth = 200;

function build(schema: CelSchema, isResource: boolean, depth: number): CelType | undefined {
  if (depth > maxDepth) return undefined;
  if (schema['x-kubernetes-int-or-string'] === true) {
    const maxElements = schema.maxLength === undefined ? maxRequestBytes - 2 : notNegative(schema.maxLength) * 4;
    return { kind: 'dyn', name: 'dyn', parameters: [], maxElements, minSerializedSize: 1 };
  }
  const type = shape(isResource ? withTypeAndMetadata(schema) : schema, depth);
  return type !== undefined && schema.nullable === true ? { ...type, nullable: true } : type;
}

/**
 * The type that values of a structural schema have in expressions, with bounds for the estimate of costs (Kubernetes'
 * SchemaDeclType). Undefined for a schema that expressions cannot see: one without a type, such as
 * x-kubernetes-preserve-unknown-fields alone.
 * @param isResource true at the root of a custom resource, where kind, apiVersion and metadata are always there
 */
export function typeOfSchema(schema: CelSchema, isResource = false): CelType | undefined {
  return build(schema, isResource, 0);
}

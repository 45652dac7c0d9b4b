import type { Field, Scalar, ValueType } from '../tables/field-expression.ts';
import { hasType, plainName, structType } from '../tables/struct-type.ts';

/** A schema of OpenAPI 3.0, as far as Kubernetes uses it. */
export type Schema = Record<string, unknown>;

/** Texts of a type or of one of its fields; what has none is documented without. */
export type Descriptions = (type: string, field?: string) => string | undefined;

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const homes: Readonly<Record<string, string>> = {
  'meta/v1': meta,
  'apiextensions/v1': 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
  'apiregistration/v1': 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
};

/** The name of a type in OpenAPI documents: `io.k8s.api.core.v1.Pod`. */
export function schemaName(versioned: string): string {
  const type = plainName(versioned);
  const dot = type.lastIndexOf('.');
  const [home, name] = [type.slice(0, dot), type.slice(dot + 1)];
  const [group, version] = home.split('/') as [string, string];
  if (homes[home] !== undefined) return `${homes[home]}.${name}`;
  if (!group.includes('.')) return `io.k8s.api.${group}.${version}.${name}`;
  const [first, ...domain] = group.split('.');
  return `${domain.reverse().join('.')}.${first}.${version}.${name}`;
}

const scalarSchemas: Readonly<Record<Scalar, Schema>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  time: { $ref: `#/components/schemas/${meta}.Time` },
  microTime: { $ref: `#/components/schemas/${meta}.MicroTime` },
  duration: { $ref: `#/components/schemas/${meta}.Duration` },
  quantity: { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.api.resource.Quantity' },
  intOrString: { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.util.intstr.IntOrString' },
  raw: { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.runtime.RawExtension' },
  json: {},
  fieldsV1: { $ref: `#/components/schemas/${meta}.FieldsV1` },
};

/** The types with a form of their own that documents refer to. */
export const wellKnownSchemas: Readonly<Record<string, Schema>> = {
  [`${meta}.Time`]: { type: 'string', format: 'date-time' },
  [`${meta}.MicroTime`]: { type: 'string', format: 'date-time' },
  [`${meta}.Duration`]: { type: 'string' },
  [`${meta}.FieldsV1`]: { type: 'object' },
  [`${meta}.Patch`]: { type: 'object' },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { oneOf: [{ type: 'string' }, { type: 'number' }] },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    format: 'int-or-string',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': { type: 'object' },
};

const zeros: Readonly<Partial<Record<Scalar, unknown>>> = { string: '', bool: false, int32: 0, int64: 0, double: 0 };

function reference(type: string): Schema {
  return { $ref: `#/components/schemas/${schemaName(type)}` };
}

function typeSchema(type: ValueType): Schema {
  if (type.form === 'scalar') return { ...scalarSchemas[type.scalar] };
  if (type.form === 'struct') return reference(type.name);
  if (type.form === 'list') return { type: 'array', items: element(type.element) };
  if (type.form === 'map') return { type: 'object', additionalProperties: element(type.element) };
  return {};
}

/** An element that is never unset has the zero of its type as default, as upstream writes it. */
function element(type: ValueType): Schema {
  const schema = typeSchema(type);
  if (schema['$ref'] !== undefined && type.form === 'struct') return { allOf: [schema], default: {} };
  const zero = type.form === 'scalar' ? zeros[type.scalar] : undefined;
  return zero === undefined ? schema : { ...schema, default: zero };
}

function strategies(field: Field): string | undefined {
  const names = [field.merge && 'merge', field.retainKeys && 'retainKeys', field.replace && 'replace'];
  const given = names.filter((name) => typeof name === 'string');
  return given.length === 0 ? undefined : given.join(',');
}

function fieldSchema(owner: string, field: Field, descriptions: Descriptions | undefined): Schema {
  const schema = typeSchema(field.type);
  const facts: Schema = {};
  const own = descriptions?.(plainName(owner), field.name);
  // Where nothing is said of a field, what is said of its type.
  const description = own ?? (field.type.form === 'struct' ? descriptions?.(plainName(field.type.name)) : undefined);
  if (description !== undefined) facts['description'] = description;
  if (field.default !== undefined) facts['default'] = field.default;
  else if (field.kept && !field.pointer && field.type.form === 'struct') facts['default'] = {};
  else if (field.required && field.type.form === 'scalar') {
    const zero = zeros[field.type.scalar];
    if (zero !== undefined) facts['default'] = zero;
  }
  if (field.listType !== undefined) facts['x-kubernetes-list-type'] = field.listType;
  if (field.keys !== undefined) facts['x-kubernetes-list-map-keys'] = field.keys;
  if (field.mapType !== undefined) facts['x-kubernetes-map-type'] = field.mapType;
  if (field.mergeKey !== undefined) facts['x-kubernetes-patch-merge-key'] = field.mergeKey;
  const strategy = strategies(field);
  if (strategy !== undefined) facts['x-kubernetes-patch-strategy'] = strategy;
  if (field.enum !== undefined) {
    if (field.type.form === 'scalar') facts['enum'] = field.enum;
    else (schema['items'] as Schema)['enum'] = field.enum;
  }
  if (schema['$ref'] === undefined) return { ...schema, ...facts };
  return Object.keys(facts).length === 0 ? schema : { ...facts, allOf: [schema] };
}

/** The schema of one type of the tables. */
export function structSchema(type: string, descriptions?: Descriptions): Schema {
  const { fields, atomic } = structType(type);
  const required = [...fields.values()].filter((field) => field.required).map(({ name }) => name);
  const description = descriptions?.(plainName(type));
  return {
    ...(description === undefined ? {} : { description }),
    type: 'object',
    properties: Object.fromEntries(
      [...fields.values()].map((field) => [field.name, fieldSchema(type, field, descriptions)]),
    ),
    ...(required.length === 0 ? {} : { required }),
    ...(atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
  };
}

/** The schema of a list of objects, for kinds whose list the tables do not have. */
export function listSchema(type: string): Schema {
  return {
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { allOf: [reference('meta/v1.ListMeta')], default: {} },
      items: { type: 'array', items: { allOf: [reference(type)], default: {} } },
    },
    required: ['items'],
  };
}

function typesIn(type: ValueType): string[] {
  if (type.form === 'struct') return [type.name];
  if (type.form === 'list' || type.form === 'map') return typesIn(type.element);
  return type.form === 'choice' ? type.choices.flatMap(typesIn) : [];
}

/** These types and all that they are made of. Choices are documented as any value, so what is in them is left out. */
export function reachableTypes(roots: Iterable<string>): string[] {
  const found = new Set<string>();
  const waiting = [...roots];
  for (let type = waiting.pop(); type !== undefined; type = waiting.pop()) {
    if (found.has(type) || !hasType(type)) continue;
    found.add(type);
    for (const field of structType(type).fields.values()) waiting.push(...typesIn(field.type));
  }
  return [...found].sort();
}

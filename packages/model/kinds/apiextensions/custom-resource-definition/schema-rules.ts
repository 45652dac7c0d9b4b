import { metaFields } from '../../../custom-resources/prune.ts';
import { hasDefault } from '../../../custom-resources/structural-schema.ts';
import { child, type FieldError, forbidden, index, invalid, key, notSupported } from '../../../field-error.ts';
import type { JSONSchemaProps } from '../../../generated/types/apiextensions-v1.ts';
import { listErrors, mapErrors } from './list-rules.ts';
import { validationRuleErrors } from './validation-rules.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** Where in the schema of a kind something stands. */
interface Place {
  readonly path: string;
  readonly root?: boolean;
  /** Inside apiVersion, kind or metadata of an object. */
  readonly inMeta?: boolean;
  /** Why there must be no defaults here. */
  readonly noDefaults?: string;
}

/** Everything that a schema of a kind must not say, whether it is structural or not. */
export function schemaErrors(schema: JSONSchemaProps, path: string): FieldError[] {
  return errorsOf(schema, { path, root: true });
}

function errorsOf(schema: JSONSchemaProps, place: Place): FieldError[] {
  const { path } = place;
  const errors = unsupported(schema, place);
  if (schema.uniqueItems) {
    const text = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.push(forbidden(child(path, 'uniqueItems'), text));
  }
  errors.push(...propertiesErrors(schema, place), ...combinationErrors(schema, place));
  const { items } = schema;
  const inner = { ...place, root: false };
  if (Array.isArray(items))
    items.forEach((each, position) => {
      errors.push(...errorsOf(each, { ...inner, path: index(child(path, 'items'), position) }));
    });
  else if (items !== undefined) errors.push(...errorsOf(items, { ...inner, path: child(path, 'items') }));
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    errors.push(invalid(child(path, 'x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'));
  return [...errors, ...mapErrors(schema, path), ...listErrors(schema, path), ...validationRuleErrors(schema, path)];
}

function unsupported(schema: JSONSchemaProps, { path, inMeta, noDefaults }: Place): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (name: string, text = `${name} is not supported`) => errors.push(forbidden(child(path, name), text));
  if (schema.type && !types.includes(schema.type)) errors.push(notSupported(child(path, 'type'), schema.type, types));
  if (hasDefault(schema) && noDefaults !== undefined) refuse('default', `must not be set ${noDefaults}`);
  if (schema.id) refuse('id');
  if (schema.additionalItems !== undefined) refuse('additionalItems');
  if (Object.keys(schema.patternProperties ?? {}).length > 0) refuse('patternProperties');
  if (Object.keys(schema.definitions ?? {}).length > 0) refuse('definitions');
  if (schema.dependencies !== undefined) refuse('dependencies');
  if (schema.$ref !== undefined) refuse('$ref');
  if (schema.type === 'null') refuse('type', 'type cannot be set to null, use nullable as an alternative');
  if (Array.isArray(schema.items) && schema.items.length > 0)
    refuse('items', 'items must be a schema object and not an array');
  if (inMeta && schema['x-kubernetes-embedded-resource'])
    refuse('x-kubernetes-embedded-resource', 'must not be used inside of resource meta');
  return errors;
}

function propertiesErrors(schema: JSONSchemaProps, place: Place): FieldError[] {
  const { path, inMeta } = place;
  const { properties = {}, additionalProperties } = schema;
  const errors: FieldError[] = [];
  const names = Object.keys(properties);
  if (additionalProperties !== undefined && additionalProperties !== true && names.length > 0)
    errors.push(
      forbidden(child(path, 'additionalProperties'), 'additionalProperties and properties are mutual exclusive'),
    );
  if (typeof additionalProperties === 'object') {
    const inside = inMeta ? { noDefaults: 'inside additionalProperties applying to object metadata' } : {};
    const next = { ...place, ...inside, root: false, path: child(path, 'additionalProperties') };
    errors.push(...errorsOf(additionalProperties, next));
  }
  const resource = place.root === true || schema['x-kubernetes-embedded-resource'] === true;
  for (const name of names) {
    const meta = resource && metaFields.has(name);
    const next: Place = {
      ...place,
      root: false,
      path: key(child(path, 'properties'), name),
      ...(meta ? { inMeta: true } : {}),
      ...(meta && place.root ? { noDefaults: `in top-level ${name}` } : {}),
    };
    errors.push(...errorsOf(properties[name]!, next));
  }
  return errors;
}

function combinationErrors(schema: JSONSchemaProps, place: Place): FieldError[] {
  const { path } = place;
  const inner = { ...place, root: false };
  const errors: FieldError[] = [];
  if (schema.not !== undefined) errors.push(...errorsOf(schema.not, { ...inner, path: child(path, 'not') }));
  for (const name of ['allOf', 'oneOf', 'anyOf'] as const)
    schema[name]?.forEach((each, position) => {
      errors.push(...errorsOf(each, { ...inner, path: index(child(path, name), position) }));
    });
  for (const [name, each] of Object.entries(schema.definitions ?? {}))
    errors.push(...errorsOf(each, { ...inner, path: key(child(path, 'definitions'), name) }));
  for (const [name, each] of Object.entries(schema.dependencies ?? {}))
    if (!Array.isArray(each))
      errors.push(...errorsOf(each, { ...inner, path: key(child(path, 'dependencies'), name) }));
  return errors;
}

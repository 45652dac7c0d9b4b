import { child, type FieldError, forbidden, invalid, key, notSupported, required } from '../../../field-error.ts';
import type { JSONSchemaProps } from '../../../generated/types/apiextensions-v1.ts';

const listName = 'x-kubernetes-list-type';
const keysName = 'x-kubernetes-list-map-keys';
const mapName = 'x-kubernetes-map-type';

function typeMismatch(schema: JSONSchemaProps, path: string, text: string): FieldError {
  return schema.type ? invalid(child(path, 'type'), schema.type, text) : required(child(path, 'type'), text);
}

/** Everything wrong with x-kubernetes-map-type. */
export function mapErrors(schema: JSONSchemaProps, path: string): FieldError[] {
  const type = schema[mapName];
  if (type === undefined) return [];
  const errors: FieldError[] = [];
  if (schema.type !== 'object')
    errors.push(typeMismatch(schema, path, 'must be object if x-kubernetes-map-type is specified'));
  if (type !== 'atomic' && type !== 'granular')
    errors.push(notSupported(child(path, mapName), type, ['atomic', 'granular']));
  return errors;
}

/** Everything wrong with x-kubernetes-list-type and x-kubernetes-list-map-keys. */
export function listErrors(schema: JSONSchemaProps, path: string): FieldError[] {
  const type = schema[listName];
  const keys = schema[keysName] ?? [];
  const errors: FieldError[] = [];
  if (type !== undefined && schema.type !== 'array')
    errors.push(typeMismatch(schema, path, 'must be array if x-kubernetes-list-type is specified'));
  else if (type === 'set') errors.push(...setErrors(schema, path));
  if (type !== undefined && !['atomic', 'set', 'map'].includes(type))
    errors.push(notSupported(child(path, listName), type, ['atomic', 'set', 'map']));
  if (keys.length > 0 && type !== 'map') {
    const text = 'must be map if x-kubernetes-list-map-keys is non-empty';
    const place = child(path, listName);
    errors.push(type === undefined ? required(place, text) : invalid(place, type, text));
  }
  if (type === 'map') errors.push(...keyedErrors(schema, keys, path));
  return [...errors, ...elementErrors(schema, keys, path)];
}

function setErrors(schema: JSONSchemaProps, path: string): FieldError[] {
  const { items } = schema;
  if (items === undefined || Array.isArray(items)) return [];
  const text = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const inner = child(path, 'items');
  if (items.type === 'array' && (items[listName] ?? 'atomic') !== 'atomic')
    return [invalid(child(inner, listName), items[listName], text)];
  if (items.type === 'object' && items[mapName] !== 'atomic')
    return [invalid(child(inner, mapName), items[listName] ?? null, text)];
  return [];
}

function keyedErrors(schema: JSONSchemaProps, keys: readonly string[], path: string): FieldError[] {
  const { items } = schema;
  const place = child(path, keysName);
  const errors: FieldError[] = [];
  if (keys.length === 0) errors.push(required(place, 'must not be empty if x-kubernetes-list-type is map'));
  if (items === undefined)
    return [...errors, required(child(path, 'items'), 'must have a schema if x-kubernetes-list-type is map')];
  if (Array.isArray(items)) {
    const text = 'must only have a single schema if x-kubernetes-list-type is map';
    return [...errors, invalid(child(path, 'items'), items, text)];
  }
  if (items.type !== 'object') {
    const text = "must be object if parent array's x-kubernetes-list-type is map";
    return [...errors, invalid(child(child(path, 'items'), 'type'), items.type ?? '', text)];
  }
  const seen = new Set<string>();
  for (const name of keys) {
    const property = Object.hasOwn(items.properties ?? {}, name) ? items.properties![name] : undefined;
    if (property === undefined) errors.push(invalid(place, keys, 'entries must all be names of item properties'));
    else if (property.type === 'array' || property.type === 'object') {
      const text = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      const at = child(key(child(child(path, 'items'), 'properties'), name), 'type');
      errors.push(invalid(at, items.type, text));
    }
    if (seen.has(name)) errors.push(invalid(place, keys, 'must not contain duplicate entries'));
    seen.add(name);
  }
  return errors;
}

/** What elements that are told apart must not be. */
function elementErrors(schema: JSONSchemaProps, keys: readonly string[], path: string): FieldError[] {
  const { items } = schema;
  const type = schema[listName];
  if (items === undefined || Array.isArray(items) || (type !== 'set' && type !== 'map')) return [];
  const errors: FieldError[] = [];
  const inner = child(path, 'items');
  if (items.nullable)
    errors.push(forbidden(child(inner, 'nullable'), `cannot be nullable when x-kubernetes-list-type is ${type}`));
  if (type === 'set') return errors;
  for (const name of keys) {
    if (!Object.hasOwn(items.properties ?? {}, name)) continue;
    const property = items.properties![name]!;
    const at = key(child(inner, 'properties'), name);
    if (!items.required?.includes(name) && (property.default === undefined || property.default === null)) {
      const text =
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      errors.push(required(child(at, 'default'), text));
    }
    if (property.nullable) {
      const text = 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable';
      errors.push(forbidden(child(at, 'nullable'), text));
    }
  }
  return errors;
}

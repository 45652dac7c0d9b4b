import { getOwn, isProperties, type Properties } from '../codec/own-property.ts';
import { child, duplicate, type FieldError, index, invalid, key } from '../field-error.ts';
import { canonicalText } from './json-equality.ts';
import type { StructuralSchema } from './structural-schema.ts';

/** Lists of type set whose elements repeat, and lists of type map whose keys do. @param path of `value` */
export function repeatedElements(value: unknown, schema: StructuralSchema | undefined, path = ''): FieldError[] {
  if (schema === undefined || !schema.distinct) return [];
  if (Array.isArray(value)) {
    const errors = listErrors(value, schema, path);
    value.forEach((element, position) => {
      errors.push(...repeatedElements(element, schema.items, index(path, position)));
    });
    return errors;
  }
  if (!isProperties(value)) return [];
  return Object.keys(value).flatMap((name) => {
    const property = schema.properties.get(name);
    if (property !== undefined) return repeatedElements(value[name], property, child(path, name));
    return repeatedElements(value[name], schema.additionalProperties, key(path, name));
  });
}

function listErrors(list: readonly unknown[], schema: StructuralSchema, path: string): FieldError[] {
  const type = schema.props['x-kubernetes-list-type'];
  if (type === 'set') return repeated(list).map((position) => duplicate(index(path, position), list[position]));
  if (type !== 'map') return [];
  const odd = list.findIndex((element) => element !== null && !isProperties(element));
  if (odd >= 0) return [invalid(index(path, odd), list[odd], 'must be an object for an array of list-type map')];
  const keys = list.map((element) => keysOf(element, schema.props['x-kubernetes-list-map-keys'] ?? []));
  return repeated(keys).map((position) => duplicate(index(path, position), keys[position]));
}

function keysOf(element: unknown, names: readonly string[]): Properties {
  if (!isProperties(element)) return {};
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(element, name)).map((name) => [name, getOwn(element, name)]),
  );
}

/** The positions at which a value comes for the second time. */
function repeated(values: readonly unknown[]): number[] {
  const seen = new Map<string, number>();
  const found: number[] = [];
  values.forEach((value, position) => {
    const text = canonicalText(value);
    const times = (seen.get(text) ?? 0) + 1;
    seen.set(text, times);
    if (times === 2) found.push(position);
  });
  return found;
}

import type { ApiObject } from '../object.ts';
import type { Field, ValueType } from './field-expression.ts';
import { structType } from './struct-type.ts';

type Fill = (value: any) => void;

const fills = new Map<string, Fill | undefined>();

/** True for a default that is the field's zero, which means nothing more than leaving it out. */
function isZero(field: Field): boolean {
  return !field.pointer && (field.default === '' || field.default === 0 || field.default === false);
}

function fillOf(type: ValueType): Fill | undefined {
  if (type.form === 'struct') return fillOfStruct(type.name);
  if (type.form !== 'list' && type.form !== 'map') return undefined;
  const element = fillOf(type.element);
  if (element === undefined) return undefined;
  return (value) => {
    for (const each of Object.values(value)) element(each);
  };
}

/** Undefined when nothing in the type has a default. A type that contains itself is found empty on the second visit. */
function fillOfStruct(name: string): Fill | undefined {
  if (fills.has(name)) return fills.get(name);
  fills.set(name, undefined);
  const own: [string, unknown][] = [];
  const inner: [string, Fill][] = [];
  for (const field of structType(name).fields.values()) {
    if (field.default !== undefined && !isZero(field)) own.push([field.name, field.default]);
    const fill = fillOf(field.type);
    if (fill !== undefined) inner.push([field.name, fill]);
  }
  if (own.length === 0 && inner.length === 0) return undefined;
  const fill: Fill = (value) => {
    for (const [field, text] of own) value[field] ??= structuredClone(text);
    for (const [field, each] of inner) if (value[field] !== undefined && value[field] !== null) each(value[field]);
  };
  fills.set(name, fill);
  return fill;
}

/** Fills in, in place, the defaults that the tables know. @param type the object's name in the tables. */
export function applyTableDefaults(type: string, object: ApiObject): void {
  fillOfStruct(type)?.(object);
}

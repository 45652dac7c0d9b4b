import { scalarZeros } from '../codec/scalar-forms.ts';
import type { Field, Scalar, ValueType } from '../tables/field-expression.ts';
import { findType, structType } from '../tables/struct-type.ts';
import {
  type ApplyField,
  type ApplyListType,
  type ApplyMapType,
  type ApplyType,
  deducedType,
  type ScalarKind,
  untypedAtomicType,
} from './apply-schema.ts';

const kinds: Readonly<Partial<Record<Scalar, ScalarKind>>> = {
  string: 'string',
  bytes: 'string',
  duration: 'string',
  bool: 'boolean',
  int32: 'numeric',
  int64: 'numeric',
  double: 'numeric',
};
/** Scalars of the tables that hold more than scalars: any object (a whole), any value, a set of fields. */
const wide: Readonly<Partial<Record<Scalar, ApplyType>>> = {
  raw: untypedAtomicType,
  json: deducedType,
  fieldsV1: { map: deducedType.map! },
};
const scalarTypes = new Map<ScalarKind, ApplyType>();
const structs = new Map<string, ApplyType>();

function scalarType(scalar: Scalar): ApplyType {
  if (wide[scalar] !== undefined) return wide[scalar];
  // Times, quantities and integers-or-strings have a format of their own, which lets any scalar pass.
  const kind = kinds[scalar] ?? 'untyped';
  let type = scalarTypes.get(kind);
  if (type === undefined) {
    type = { scalar: kind };
    scalarTypes.set(kind, type);
  }
  return type;
}

/** A struct of the tables; its fields are put together when they are first asked for: types contain themselves. */
class TableStruct implements ApplyType, ApplyMapType {
  readonly atomic: boolean;
  readonly element = undefined;
  readonly map: ApplyMapType = this;
  readonly #name: string;
  #fields: ReadonlyMap<string, ApplyField> | undefined;

  constructor(name: string, atomic: boolean) {
    this.#name = name;
    this.atomic = atomic;
  }

  get fields(): ReadonlyMap<string, ApplyField> {
    this.#fields ??= new Map(
      [...structType(this.#name).fields.values()].map((field) => [field.name, fieldOf(field)] as const),
    );
    return this.#fields;
  }
}

function structOf(name: string, mapType?: 'atomic' | 'granular'): ApplyType {
  const key = mapType === undefined ? name : `${name} ${mapType}`;
  let type = structs.get(key);
  if (type === undefined) {
    const atomic = mapType === undefined ? structType(name).atomic : mapType === 'atomic';
    type = new TableStruct(name, atomic);
    structs.set(key, type);
  }
  return type;
}

function typeOf(type: ValueType): ApplyType {
  if (type.form === 'scalar') return scalarType(type.scalar);
  if (type.form === 'struct') return structOf(type.name);
  if (type.form === 'list') return { list: { atomic: true, keys: [], element: typeOf(type.element) } };
  if (type.form === 'map') return { map: { atomic: false, fields: new Map(), element: typeOf(type.element) } };
  return deducedType;
}

function listOf(field: Field, element: ValueType): ApplyListType {
  const { listType, keys = [], merge, mergeKey } = field;
  const form = { element: typeOf(element) };
  if (listType === 'map') return { ...form, atomic: false, keys };
  if (listType === 'set') return { ...form, atomic: false, keys: [] };
  if (listType === 'atomic' || merge !== true) return { ...form, atomic: true, keys: [] };
  return { ...form, atomic: false, keys: mergeKey === undefined ? [] : [mergeKey] };
}

function fieldOf(field: Field): ApplyField {
  const fallback = defaultOf(field);
  const type = fieldType(field);
  return fallback === undefined ? { type } : { type, default: fallback };
}

function fieldType(field: Field): ApplyType {
  const { type, mapType } = field;
  if (type.form === 'list') return { list: listOf(field, type.element) };
  if (type.form === 'struct') return structOf(type.name, mapType);
  if (type.form !== 'map') return typeOf(type);
  return { map: { atomic: mapType === 'atomic', fields: new Map(), element: typeOf(type.element) } };
}

/** What upstream's documents call a field's default: the tables' own, or the zero of one that is always written. */
function defaultOf(field: Field): unknown {
  if (field.default !== undefined) return field.default;
  if (!field.kept || field.pointer || field.type.form !== 'scalar') return undefined;
  return scalarZeros[field.type.scalar];
}

/** The type of this name in the tables; undefined when they have none. */
export function tableApplyType(name: string): ApplyType | undefined {
  return findType(name) === undefined ? undefined : structOf(name);
}

const zeros = new Map<string, unknown>();

/**
 * What upstream takes an object to be before it exists: structs that are always written are there, lists and maps that
 * are always written are null. A field that is there already when its first value is set is not itself owned.
 */
export function emptyObject(name: string): unknown {
  let zero = zeros.get(name);
  if (zero === undefined) {
    zero = emptyStruct(name);
    zeros.set(name, zero);
  }
  return zero;
}

function emptyStruct(name: string): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const field of structType(name).fields.values()) {
    if (!field.kept) continue;
    const { type, pointer } = field;
    if (type.form === 'struct' && !pointer) value[field.name] = emptyStruct(type.name);
    else if (type.form === 'scalar' && !pointer) value[field.name] = scalarZeros[type.scalar] ?? null;
    else value[field.name] = null;
  }
  return value;
}

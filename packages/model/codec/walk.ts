import type { Field, ValueType } from '../tables/field-expression.ts';
import { plainName, structType } from '../tables/struct-type.ts';
import { DecodeError } from './decode-error.ts';
import { isProperties, type Properties, setOwn } from './own-property.ts';
import { type ScalarForm, scalarForms, scalarZeros } from './scalar-forms.ts';
import { deepestNesting, jsonTypeOf, type WalkContext } from './walk-context.ts';

/**
 * Takes values to the form that the API keeps, type by type, as a decoding and encoding by upstream's Go types would:
 * unknown fields, nulls and zeros that say nothing are left out, required ones are filled in, quantities and times are
 * canonical. A walk never changes what it is given: where nothing differs it returns the same value, else a copy of the
 * changed part. Each type is put together once, when it is first met.
 */
type Walk = (value: unknown, context: WalkContext) => unknown;

interface Step {
  readonly walk: Walk;
  /** What an unset value looks like that need not be written: '', 0, false, an empty list or map. */
  readonly dropped: (value: unknown) => boolean;
}

const structs = new Map<string, Walk>();
const zeros = new Map<string, () => unknown>();

/** The properties of `value` that come before `name`. */
function before(value: Properties, name: string): Properties {
  const copy: Properties = {};
  for (const key in value) {
    if (key === name) break;
    setOwn(copy, key, value[key]);
  }
  return copy;
}

/** The Go type of a value, for error messages. */
export function goType(type: ValueType): string {
  if (type.form === 'list') return `[]${goType(type.element)}`;
  if (type.form === 'map') return `map[string]${goType(type.element)}`;
  if (type.form === 'struct') return goStruct(type.name);
  if (type.form === 'choice') return goType(type.choices[0]!);
  const names: Record<string, string> = { double: 'float64', bytes: '[]uint8', quantity: 'resource.Quantity' };
  return names[type.scalar] ?? type.scalar;
}

/** `core/v1.PodSpec` → `v1.PodSpec`. */
function goStruct(name: string): string {
  const plain = plainName(name);
  return plain.slice(plain.lastIndexOf('/') + 1);
}

function mapWalk(element: ValueType, type: ValueType): Walk {
  const walk = walkOf(element);
  const zero = zeroOf(element);
  return (value, context) => {
    if (!isProperties(value)) return context.mismatch(jsonTypeOf(value), goType(type));
    let result: Properties | undefined;
    for (const key in value) {
      const old = value[key];
      context.path.push(key);
      const now = old === null ? zero() : walk(old, context);
      context.path.pop();
      if (now !== old && result === undefined) result = before(value, key);
      if (result !== undefined) setOwn(result, key, now);
    }
    return result ?? value;
  };
}

function listWalk(element: ValueType, type: ValueType): Walk {
  const walk = walkOf(element);
  const zero = zeroOf(element);
  return (value, context) => {
    if (!Array.isArray(value)) return context.mismatch(jsonTypeOf(value), goType(type));
    let result: unknown[] | undefined;
    for (let index = 0; index < value.length; index++) {
      const old = value[index];
      context.path.push(index);
      const now = old === null ? zero() : walk(old, context);
      context.path.pop();
      if (now !== old && result === undefined) result = value.slice(0, index);
      if (result !== undefined) result.push(now);
    }
    return result ?? value;
  };
}

function choiceWalk(choices: readonly ValueType[], type: ValueType): Walk {
  const walks = choices.map((choice) => ({ fits: fitting(choice), walk: walkOf(choice) }));
  return (value, context) => {
    const found = walks.find((each) => each.fits(value));
    return found === undefined ? context.mismatch(jsonTypeOf(value), goType(type)) : found.walk(value, context);
  };
}

function fitting(type: ValueType): (value: unknown) => boolean {
  if (type.form === 'list') return Array.isArray;
  if (type.form === 'scalar') return (value) => jsonTypeOf(value) === type.scalar;
  return isProperties;
}

/** What an element that is null becomes. */
function zeroOf(type: ValueType): () => unknown {
  if (type.form === 'scalar') {
    // Bytes that are nothing are no bytes once they were stored.
    const zero = type.scalar === 'bytes' ? '' : (scalarZeros[type.scalar] ?? null);
    return () => zero;
  }
  if (type.form === 'struct') return () => structZero(type.name)();
  return () => null;
}

/** The empty value of a struct: what is written of it when nothing is set. */
function structZero(name: string): () => unknown {
  let zero = zeros.get(name);
  if (zero === undefined) {
    const kept = fills(structType(name).fields.values());
    zero = () => {
      const value: Properties = {};
      for (const { field, fill } of kept) value[field.name] = fill();
      return value;
    };
    zeros.set(name, zero);
  }
  return zero;
}

function fills(fields: Iterable<Field>): { field: Field; fill: () => unknown }[] {
  const found: { field: Field; fill: () => unknown }[] = [];
  for (const field of fields) {
    const { type } = field;
    if (!field.kept || field.pointer) continue;
    if (type.form === 'struct' || (type.form === 'scalar' && scalarZeros[type.scalar] !== undefined)) {
      found.push({ field, fill: zeroOf(type) });
    } else if (field.filled === true && type.form === 'list') found.push({ field, fill: () => [] });
    else if (field.filled === true && type.form === 'map') found.push({ field, fill: () => ({}) });
  }
  return found;
}

function isEmptyMap(value: unknown): boolean {
  for (const _ in value as Properties) return false;
  return true;
}

const never = () => false;
const emptyList = (value: unknown) => (value as unknown[]).length === 0;

function dropRule(field: Field): (value: unknown) => boolean {
  const { type } = field;
  if (field.kept || field.pointer) return never;
  if (type.form === 'list') return emptyList;
  if (type.form === 'map') return isEmptyMap;
  if (type.form !== 'scalar') return never;
  // Go leaves out the zero of a plain value; a Quantity or IntOrString is a struct, which it always writes.
  if (type.scalar === 'quantity' || type.scalar === 'intOrString') return never;
  const zero = type.scalar === 'bytes' ? '' : scalarZeros[type.scalar];
  return zero === undefined ? never : (value) => value === zero;
}

function structWalk(name: string): Walk {
  const { fields } = structType(name);
  const steps = new Map<string, Step>();
  for (const field of fields.values()) steps.set(field.name, { walk: walkOf(field.type), dropped: dropRule(field) });
  const kept = fills(fields.values());
  const shortName = goStruct(name).slice(goStruct(name).indexOf('.') + 1);
  const type: ValueType = { form: 'struct', name };
  return (value, context) => {
    if (!isProperties(value)) return context.mismatch(jsonTypeOf(value), goType(type));
    const { path, fields: names, struct: outer } = context;
    if (path.length > deepestNesting) throw new DecodeError('exceeded max depth');
    let result: Properties | undefined;
    for (const key in value) {
      const step = steps.get(key);
      const old = value[key];
      let drop = true;
      let now: unknown;
      if (step === undefined) context.unknownField(key);
      else if (old !== null && old !== undefined) {
        path.push(key);
        names.push(key);
        context.struct = shortName;
        now = step.walk(old, context);
        names.pop();
        path.pop();
        drop = step.dropped(now);
      }
      if ((drop || now !== old) && result === undefined) result = before(value, key);
      if (result !== undefined && !drop) result[key] = now;
    }
    context.struct = outer;
    for (let index = 0; index < kept.length; index++) {
      const { field, fill } = kept[index]!;
      if ((result ?? value)[field.name] !== undefined) continue;
      result ??= { ...value };
      result[field.name] = fill();
    }
    return result ?? value;
  };
}

/** The walk of a type; that of a struct is made when it is first used, since types refer to themselves. */
function walkOf(type: ValueType): Walk {
  if (type.form === 'scalar') return scalarForms[type.scalar] satisfies ScalarForm;
  if (type.form === 'list') return listWalk(type.element, type);
  if (type.form === 'map') return mapWalk(type.element, type);
  if (type.form === 'choice') return choiceWalk(type.choices, type);
  let walk: Walk | undefined;
  return (value, context) => {
    walk ??= walkOfStruct(type.name);
    return walk(value, context);
  };
}

/** The walk of a type of the tables. @throws TypeError when the tables have none of this name. */
export function walkOfStruct(name: string): Walk {
  let walk = structs.get(name);
  if (walk === undefined) {
    walk = structWalk(name);
    structs.set(name, walk);
  }
  return walk;
}

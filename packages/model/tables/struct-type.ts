import kubernetesTypes from '../generated/kubernetes-types.json' with { type: 'json' };
import { regionTypes } from '../region/types.ts';
import { type Field, parseField, parsePlainType, type TypeTable } from './field-expression.ts';

/** A type of the tables with the fields of what it embeds. */
export interface StructType {
  /** `core/v1.PodSpec`. */
  readonly name: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** Embedded types that are a message of their own in protobuf, by their number. */
  readonly embedded: readonly { readonly name: string; readonly number: number }[];
  /** Server-side apply replaces it as a whole. */
  readonly atomic: boolean;
  readonly union: boolean;
}

const generatedTables = new Map<string, TypeTable>(Object.entries(kubernetesTypes));
const plainTables = new Map<string, TypeTable>(Object.entries(regionTypes));
const known = new Map<string, StructType>();

function build(name: string): StructType | undefined {
  const dot = name.lastIndexOf('.');
  const home = name.slice(0, dot);
  const short = name.slice(dot + 1);
  const plain = plainTables.get(home);
  if (plain !== undefined && Object.hasOwn(plain, short)) {
    const fields = new Map(parsePlainType(plain[short]!, home).map((field) => [field.name, field]));
    return { name, fields, embedded: [], atomic: false, union: false };
  }
  const table = generatedTables.get(home);
  if (table === undefined || !Object.hasOwn(table, short)) return undefined;
  const fields = new Map<string, Field>();
  const embedded: { name: string; number: number }[] = [];
  let facts: string[] = [];
  for (const [key, expression] of Object.entries(table[short]!)) {
    if (key === '@') facts = expression.split(' ');
    else if (!key.startsWith('...')) fields.set(key, parseField(key, expression, home));
    else {
      const { type, number } = parseField(key, expression, home);
      if (type.form !== 'struct') throw new TypeError(`${name}: ${key} embeds what is no struct`);
      for (const [inner, field] of structType(type.name).fields) fields.set(inner, field);
      if (number !== undefined) embedded.push({ name: type.name, number });
    }
  }
  return { name, fields, embedded, atomic: facts.includes('atomic'), union: facts.includes('union') };
}

/** True when the tables have a type of this name. */
export function hasType(name: string): boolean {
  return findType(name) !== undefined;
}

/** The type of this name, read from the tables when it is first asked for; undefined when there is none. */
export function findType(name: string): StructType | undefined {
  let type = known.get(name);
  if (type === undefined) {
    type = build(name);
    if (type !== undefined) known.set(name, type);
  }
  return type;
}

/** The type of this name. @throws TypeError when there is none: names come from the tables themselves. */
export function structType(name: string): StructType {
  const type = findType(name);
  if (type === undefined) throw new TypeError(`the tables have no type ${name}`);
  return type;
}

/** The names of all types of the tables, by package and name. */
export function typeNames(): string[] {
  return [...generatedTables, ...plainTables].flatMap(([home, table]) =>
    Object.keys(table).map((name) => `${home}.${name}`),
  );
}

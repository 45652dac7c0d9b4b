import changedTypes from '../generated/changed-types.json' with { type: 'json' };
import kubernetesTypes from '../generated/kubernetes-types.json' with { type: 'json' };
import { regionTypes } from '../region/types.ts';
import { type Field, parseField, parsePlainType, type TypeTable, type ValueType } from './field-expression.ts';

/** A type of the tables with the fields of what it embeds. */
export interface StructType {
  /** `core/v1.PodSpec`; `core/v1.PodSpec@33` as Kubernetes 1.33 had it. */
  readonly name: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** Those that are not of an embedded type. */
  readonly own: ReadonlyMap<string, Field>;
  /** Embedded types that are a message of their own in protobuf, by their number. */
  readonly embedded: readonly { readonly name: string; readonly number: number }[];
  /** Server-side apply replaces it as a whole. */
  readonly atomic: boolean;
  readonly union: boolean;
}

const generatedTables = new Map<string, TypeTable>(Object.entries(kubernetesTypes));
const plainTables = new Map<string, TypeTable>(Object.entries(regionTypes));
/** Types that an older minor had differently, by the last minor that changed them or anything in them. */
const changes = new Map<string, number>(Object.entries(changedTypes));
const known = new Map<string, StructType>();

/** `core/v1.PodSpec@33` → its parts; without a minor the type is the newest one. */
function partsOf(name: string): { home: string; short: string; minor: number | undefined } {
  const at = name.indexOf('@');
  const whole = at < 0 ? name : name.slice(0, at);
  const dot = whole.lastIndexOf('.');
  const minor = at < 0 ? undefined : Number(name.slice(at + 1));
  return { home: whole.slice(0, dot), short: whole.slice(dot + 1), minor };
}

/** The name without a minor: what documents and messages call the type. */
export function plainName(type: string): string {
  const at = type.indexOf('@');
  return at < 0 ? type : type.slice(0, at);
}

/** The list of a type, whether the tables have it or not: `core/v1.PodList`. */
export function listTypeOf(type: string): string {
  const at = type.indexOf('@');
  return at < 0 ? `${type}List` : `${type.slice(0, at)}List${type.slice(at)}`;
}

function build(name: string): StructType | undefined {
  const { home, short, minor } = partsOf(name);
  const plain = plainTables.get(home);
  if (plain !== undefined && Object.hasOwn(plain, short)) {
    const fields = new Map(parsePlainType(plain[short]!, home).map((field) => [field.name, field]));
    return { name, fields, own: fields, embedded: [], atomic: false, union: false };
  }
  const table = generatedTables.get(home);
  if (table === undefined || !Object.hasOwn(table, short)) return undefined;
  const fields = new Map<string, Field>();
  const own = new Map<string, Field>();
  const embedded: { name: string; number: number }[] = [];
  let facts: string[] = [];
  for (const [key, expression] of Object.entries(table[short]!)) {
    if (key === '@') {
      facts = expression.split(' ');
      continue;
    }
    const field = parseField(key, expression, home);
    const type = minor === undefined ? field.type : typeAt(field.type, minor);
    if (!key.startsWith('...')) {
      if (minor !== undefined && (field.since ?? 0) > minor) continue;
      own.set(key, { ...field, type });
      fields.set(key, own.get(key)!);
    } else {
      if (type.form !== 'struct') throw new TypeError(`${name}: ${key} embeds what is no struct`);
      for (const [inner, each] of structType(type.name).fields) fields.set(inner, each);
      if (field.number !== undefined) embedded.push({ name: type.name, number: field.number });
    }
  }
  return { name, fields, own, embedded, atomic: facts.includes('atomic'), union: facts.includes('union') };
}

function typeAt(type: ValueType, minor: number): ValueType {
  if (type.form === 'struct') return { form: 'struct', name: typeOfMinor(type.name, minor) };
  if (type.form === 'list' || type.form === 'map') return { ...type, element: typeAt(type.element, minor) };
  return type;
}

/** The name of a type as Kubernetes 1.`minor` had it; the same name when nothing in it was different. */
export function typeOfMinor(name: string, minor: number): string {
  return (changes.get(name) ?? 0) > minor ? `${name}@${minor}` : name;
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

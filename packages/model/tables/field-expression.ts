/**
 * The form of a field in the tables: one line of text, `type[!] [fact …]`. Generated tables (generated/*.json) and
 * tables written by hand (region/) have the same form.
 *
 * Types: `string bool int32 int64 double bytes time microTime duration quantity intOrString`, `raw` (an object of any
 * kind), `json` (any value), `fieldsV1`; `[]T`, `map<T>`, `A|B` (told apart by their form in JSON), a type of the same
 * package (`PodSpec`) or of another (`meta/v1.LabelSelector`). `*T` is a value that can be unset: its zero is kept; the
 * zero of any other is the same as nothing, and is not written unless the field is required or `keep`.
 *
 * `!`: required, in documents and in the TypeScript types. Facts, in any order, `default=` last:
 * - `keep` / `omit`: the zero is written although not required / not written although required
 * - `#7`: the field's number in protobuf; `wrapped`: its list is a message of its own
 * - `set`, `keys(name)`, `atomic`, `granular`: how server-side apply merges a list or map
 * - `merge`, `merge(name)`, `retainKeys`, `replace`: how a strategic merge patch merges it
 * - `since(35)`: the minor of Kubernetes 1 that brought it, when an older one that is served had it not
 * - `enum(A,B)` (a space or comma in a value is written `%20`, `%2C`), `discriminator`, `oneOf(name)`
 * - `default="TCP"`: JSON
 *
 * A key `...Name` embeds the fields of a type; the key `@` holds facts of the type itself: `atomic`, `union`.
 *
 * Tables written by hand are read more plainly: what was given is kept, zero or not; what is required and missing
 * becomes its zero, lists and maps too; and a type with `metadata: 'ObjectMeta'` is a kind, with an apiVersion, a kind
 * and its spec always there.
 */
export type FieldExpression = string;
export type TypeTable = Readonly<Record<string, Readonly<Record<string, FieldExpression>>>>;

export type Scalar =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bytes'
  | 'time'
  | 'microTime'
  | 'duration'
  | 'quantity'
  | 'intOrString'
  | 'raw'
  | 'json'
  | 'fieldsV1';

export type ValueType =
  | { readonly form: 'scalar'; readonly scalar: Scalar }
  | { readonly form: 'list'; readonly element: ValueType }
  | { readonly form: 'map'; readonly element: ValueType }
  /** `name` is qualified: `core/v1.PodSpec`; `core/v1.PodSpec@33` is that type as Kubernetes 1.33 had it. */
  | { readonly form: 'struct'; readonly name: string }
  | { readonly form: 'choice'; readonly choices: readonly ValueType[] };

export interface Field {
  readonly name: string;
  readonly type: ValueType;
  readonly pointer: boolean;
  readonly required: boolean;
  /** Its zero is written. */
  readonly kept: boolean;
  /** A list or map that is missing becomes an empty one. */
  readonly filled?: boolean;
  readonly number?: number;
  readonly wrapped?: boolean;
  readonly listType?: 'set' | 'map' | 'atomic';
  readonly keys?: readonly string[];
  /** A struct or map that is replaced as a whole, or merged by key, when the type itself does not say so. */
  readonly mapType?: 'atomic' | 'granular';
  /** Lists and maps are merged by a strategic merge patch, lists of objects by `mergeKey`. */
  readonly merge?: boolean;
  readonly mergeKey?: string;
  readonly retainKeys?: boolean;
  readonly replace?: boolean;
  readonly since?: number;
  readonly enum?: readonly string[];
  readonly discriminator?: boolean;
  readonly oneOf?: string;
  readonly default?: unknown;
}

const scalars: ReadonlySet<string> = new Set<Scalar>([
  'string',
  'bool',
  'int32',
  'int64',
  'double',
  'bytes',
  'time',
  'microTime',
  'duration',
  'quantity',
  'intOrString',
  'raw',
  'json',
  'fieldsV1',
]);

/** Reads a type. @param home the package that unqualified names are of. */
export function parseType(text: string, home: string): ValueType {
  if (text.startsWith('[]')) return { form: 'list', element: parseType(text.slice(2), home) };
  if (text.startsWith('map<') && text.endsWith('>'))
    return { form: 'map', element: parseType(text.slice(4, -1), home) };
  if (text.includes('|')) return { form: 'choice', choices: text.split('|').map((part) => parseType(part, home)) };
  if (scalars.has(text)) return { form: 'scalar', scalar: text as Scalar };
  if (!/^([\w.-]+\/v\w+\.)?[A-Z]\w*$/.test(text)) throw new TypeError(`no type: ${text}`);
  return { form: 'struct', name: text.includes('/') ? text : `${home}.${text}` };
}

type Writable = { -readonly [Key in keyof Field]: Field[Key] };

function applyFact(field: Writable, fact: string): void {
  const [, name, argument] = /^([#\w]+)(?:\((.*)\))?$/.exec(fact) ?? [];
  if (name === undefined) throw new TypeError(`no fact of a field: ${fact}`);
  if (name.startsWith('#')) field.number = Number(name.slice(1));
  else if (name === 'keep' || name === 'omit') field.kept = name === 'keep';
  else if (name === 'set') field.listType = 'set';
  else if (name === 'keys') [field.listType, field.keys] = ['map', argument!.split(',')];
  else if (name === 'atomic' && field.type.form === 'list') field.listType = 'atomic';
  else if (name === 'atomic' || name === 'granular') field.mapType = name;
  else if (name === 'merge') [field.merge, field.mergeKey] = [true, argument];
  else if (name === 'enum') field.enum = argument!.split(',').map(decodeURIComponent);
  else if (name === 'oneOf') field.oneOf = argument!;
  else if (name === 'since') field.since = Number(argument);
  else if (name === 'retainKeys' || name === 'replace' || name === 'wrapped' || name === 'discriminator')
    field[name] = true;
  else throw new TypeError(`no fact of a field: ${fact}`);
}

/** Reads one field. @throws TypeError for a text that has not the form above. */
export function parseField(name: string, expression: FieldExpression, home: string): Field {
  const split = expression.indexOf(' default=');
  const words = (split < 0 ? expression : expression.slice(0, split)).split(' ');
  const head = words[0]!;
  const required = head.endsWith('!');
  const pointer = head.startsWith('*');
  const type = parseType(head.slice(pointer ? 1 : 0, required ? -1 : undefined), home);
  const field: Writable = { name, type, pointer, required, kept: required };
  for (const fact of words.slice(1)) applyFact(field, fact);
  if (split >= 0) field.default = JSON.parse(expression.slice(split + ' default='.length));
  return field;
}

/** Reads a type of a table written by hand. */
export function parsePlainType(table: Readonly<Record<string, FieldExpression>>, home: string): Field[] {
  const isKind = table['metadata'] === 'ObjectMeta';
  const fields: Field[] = [];
  if (isKind) {
    fields.push(parseField('apiVersion', 'string', home), parseField('kind', 'string', home));
    fields.push(parseField('metadata', 'meta/v1.ObjectMeta keep', home));
  }
  for (const [name, expression] of Object.entries(table)) {
    if (isKind && name === 'metadata') continue;
    const field = parseField(name, expression, home);
    const kept = field.kept || (isKind && name === 'spec');
    fields.push({ ...field, kept, pointer: !kept, filled: kept });
  }
  return fields;
}

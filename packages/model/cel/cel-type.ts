/**
 * Types of CEL expressions (https://github.com/google/cel-spec/blob/master/doc/langdef.md, section Types), with the
 * bounds on size that Kubernetes reads from schemas to estimate what an expression can cost.
 */

export type CelKind =
  | 'null'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'duration'
  | 'type'
  | 'list'
  | 'map'
  /** Named fields: a schema's object, a struct of the tables. */
  | 'object'
  /** A library's own type (`net.IP`, `kubernetes.Quantity`), and `optional_type`. */
  | 'opaque'
  /** A type that is open in a function's declaration (`A`), or not known yet. */
  | 'parameter'
  /** Known at evaluation only. */
  | 'dyn'
  /** Of an expression that is refused already, so that nothing is reported twice. */
  | 'error';

export interface CelType {
  readonly kind: CelKind;
  /** As messages name it: `int`, `list`, an object's name. */
  readonly name: string;
  /** Element of a list; key and value of a map; parameters of an opaque type; none for others. */
  readonly parameters: readonly CelType[];
  /** Of objects: the type of a field by its escaped name; undefined when there is no such field. May be recursive. */
  field?(name: string): CelType | undefined;
  /** Most elements of a list or map, most bytes of a string, when a schema bounds it. */
  readonly maxElements?: number;
  /** Fewest bytes that a value takes as JSON. */
  readonly minSerializedSize?: number;
  /** Of a schema that allows null: a null is the value null, not an error. */
  readonly nullable?: boolean;
  /** How values that are told apart by a key (`x-kubernetes-list-type` set or map) compare: order does not matter. */
  readonly listKeys?: readonly string[];
}

function simple(kind: CelKind, name: string = kind): CelType {
  return Object.freeze({ kind, name, parameters: [] });
}

export const nullType = simple('null', 'null_type');
export const boolType = simple('bool');
export const intType = simple('int');
export const uintType = simple('uint');
export const doubleType = simple('double');
export const stringType = simple('string');
export const bytesType = simple('bytes');
export const timestampType = simple('timestamp', 'google.protobuf.Timestamp');
export const durationType = simple('duration', 'google.protobuf.Duration');
export const dynType = simple('dyn');
export const errorType = simple('error', '!error!');
/** The type of types; `type(1)` is a `type(int)`. */
export const typeType = simple('type');

export function listType(element: CelType, maxElements?: number): CelType {
  return { kind: 'list', name: 'list', parameters: [element], ...(maxElements === undefined ? {} : { maxElements }) };
}

export function mapType(key: CelType, value: CelType, maxElements?: number): CelType {
  return { kind: 'map', name: 'map', parameters: [key, value], ...(maxElements === undefined ? {} : { maxElements }) };
}

/** An object whose fields are looked up when they are first used. */
export function objectType(name: string, field: (name: string) => CelType | undefined): CelType {
  return { kind: 'object', name, parameters: [], field };
}

export function opaqueType(name: string, ...parameters: CelType[]): CelType {
  return { kind: 'opaque', name, parameters };
}

export function optionalType(of: CelType): CelType {
  return opaqueType('optional_type', of);
}

export function parameterType(name: string): CelType {
  return simple('parameter', name);
}

/** The type of the type `of`. */
export function typeOfType(of: CelType): CelType {
  return { kind: 'type', name: 'type', parameters: [of] };
}

/** As cel-go prints a type where Kubernetes says what an expression must evaluate to: `list(string)`, `bool`. */
export function celTypeText(type: CelType): string {
  if (type.parameters.length === 0) return type.name;
  return `${type.name}(${type.parameters.map(celTypeText).join(', ')})`;
}

/** As cel-go's type checker names a type in its messages: `timestamp` where `celTypeText` has the protobuf name. */
export function checkedTypeText(type: CelType): string {
  if (type.kind === 'timestamp' || type.kind === 'duration' || type.kind === 'null') return type.kind;
  if (type.parameters.length === 0) return type.name;
  return `${type.name}(${type.parameters.map(checkedTypeText).join(', ')})`;
}

/** True when both are the same type, bounds aside. */
export function sameCelType(left: CelType, right: CelType): boolean {
  if (left === right) return true;
  if (left.kind !== right.kind || left.name !== right.name) return false;
  if (left.parameters.length !== right.parameters.length) return false;
  return left.parameters.every((each, position) => sameCelType(each, right.parameters[position]!));
}

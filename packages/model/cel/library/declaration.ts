import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  nullType,
  opaqueType,
  optionalType,
  parameterType,
  stringType,
  timestampType,
  typeOfType,
  uintType,
} from '../cel-type.ts';
import type { CelAuthorizer } from '../contract.ts';
import type { Meter } from '../evaluate/meter.ts';
import { CelFailure, type CelList, CelOpaque, type CelValue, kindOf } from '../values/value.ts';

/** What a function may use beyond its arguments. */
export interface Evaluation {
  readonly meter: Meter;
  readonly authorizer: CelAuthorizer | undefined;
}

/** Called with values of the declared types, none of them a CelFailure. */
export type Implementation = (values: readonly CelValue[], evaluation: Evaluation) => CelValue;

/** One way to call a function. */
export interface Overload {
  /** As cel-go and Kubernetes name it; the cost model goes by it. */
  readonly id: string;
  readonly function: string;
  /** Called as `receiver.function(…)`; the receiver is the first parameter. */
  readonly member: boolean;
  readonly parameters: readonly CelType[];
  readonly result: CelType;
  /** Names of the open types in the signature. */
  readonly open: readonly string[];
  readonly implementation: Implementation;
}

/** Overloads that came, and perhaps went, with a minor of Kubernetes 1. */
export interface Library {
  readonly since: number;
  readonly until?: number;
  /** Only where mutations are written. */
  readonly patchTypes?: boolean;
  readonly overloads: readonly Overload[];
}

/** Kubernetes' own types. cel-go holds most of them for objects without fields. */
const ownTypes: Readonly<Record<string, CelType>> = {
  url: { kind: 'object', name: 'kubernetes.URL', parameters: [] },
  quantity: { kind: 'object', name: 'kubernetes.Quantity', parameters: [] },
  semver: { kind: 'object', name: 'kubernetes.Semver', parameters: [] },
  format: { kind: 'object', name: 'kubernetes.NamedFormat', parameters: [] },
  authorizer: { kind: 'object', name: 'kubernetes.authorization.Authorizer', parameters: [] },
  pathCheck: { kind: 'object', name: 'kubernetes.authorization.PathCheck', parameters: [] },
  groupCheck: { kind: 'object', name: 'kubernetes.authorization.GroupCheck', parameters: [] },
  resourceCheck: { kind: 'object', name: 'kubernetes.authorization.ResourceCheck', parameters: [] },
  decision: { kind: 'object', name: 'kubernetes.authorization.Decision', parameters: [] },
  ip: opaqueType('net.IP'),
  cidr: opaqueType('net.CIDR'),
};

/** The types of the variables `authorizer` and `authorizer.requestResource`. */
export const authorizerType = ownTypes['authorizer']!;
export const resourceCheckType = ownTypes['resourceCheck']!;

const plainTypes: Readonly<Record<string, CelType>> = {
  bool: boolType,
  int: intType,
  uint: uintType,
  double: doubleType,
  string: stringType,
  bytes: bytesType,
  null: nullType,
  timestamp: timestampType,
  duration: durationType,
  dyn: dynType,
  ...ownTypes,
};

function splitParameters(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at += 1) {
    const character = text[at];
    if (character === '<') depth += 1;
    else if (character === '>') depth -= 1;
    else if (at === text.length || (character === ',' && depth === 0)) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return parts.filter((part) => part !== '');
}

function readType(text: string, open: Set<string>): CelType {
  const plain = plainTypes[text];
  if (plain !== undefined) return plain;
  if (/^[A-Z]$/.test(text)) {
    open.add(text);
    return parameterType(text);
  }
  const [, name, inner] = /^(\w+)<(.*)>$/.exec(text) ?? [];
  const parameters = splitParameters(inner ?? '').map((part) => readType(part, open));
  if (name === 'list') return listType(parameters[0]!);
  if (name === 'map') return mapType(parameters[0]!, parameters[1]!);
  if (name === 'optional') return optionalType(parameters[0]!);
  if (name === 'type') return typeOfType(parameters[0]!);
  throw new TypeError(`no type: ${text}`);
}

/**
 * An overload from its signature: `size(list<A>) -> int`, or with the receiver in front in brackets:
 * `(string).charAt(int) -> string`. Capital letters are open types.
 */
export function overload(id: string, signature: string, implementation: Implementation): Overload {
  const [, receiver, name, parameters, result] = /^(?:\((.*?)\)\.)?(.+?)\((.*)\) -> (.*)$/.exec(
    signature,
  ) as unknown as [string, string | undefined, string, string, string];
  const open = new Set<string>();
  const types = splitParameters(parameters).map((part) => readType(part, open));
  if (receiver !== undefined) types.unshift(readType(receiver, open));
  const resultType = readType(result, open);
  return {
    id,
    function: name,
    member: receiver !== undefined,
    parameters: types,
    result: resultType,
    open: [...open],
    implementation,
  };
}

/** True when a value can be an argument of this type. A list is judged by its first element. */
export function accepts(type: CelType, value: CelValue): boolean {
  const { kind } = type;
  if (kind === 'dyn' || kind === 'parameter') return true;
  if (kind === 'object' || (kind === 'opaque' && type.name !== 'optional_type')) {
    return value instanceof CelOpaque && value.typeName === type.name;
  }
  if (kindOf(value) !== kind) return false;
  if (kind === 'opaque') return !(value instanceof CelOpaque);
  if (kind !== 'list') return true;
  const list = value as CelList;
  if (list.size === 0) return true;
  const element = list.at(0);
  return element instanceof CelFailure || accepts(type.parameters[0]!, element);
}

export const noSuchOverload = new CelFailure('no such overload');

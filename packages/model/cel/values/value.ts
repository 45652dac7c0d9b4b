import {
  boolType,
  bytesType,
  type CelKind,
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
  stringType,
  timestampType,
  typeType,
  uintType,
} from '../cel-type.ts';

/**
 * Values as the interpreter holds them: int is a bigint, double a number, string, bool and null are themselves, bytes a
 * Uint8Array; everything else has a class here. An error is a value too (CelFailure), because && and || may drop it.
 */
export type CelValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | CelUint
  | CelTimestamp
  | CelDuration
  | CelTypeValue
  | CelOptional
  | CelList
  | CelMap
  | CelOpaque
  | CelFailure;

/** An evaluation error on its way up. */
export class CelFailure {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

export class CelUint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

/** Nanoseconds since 1970. */
export class CelTimestamp {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A length of time in nanoseconds. */
export class CelDuration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class CelTypeValue {
  readonly type: CelType;
  constructor(type: CelType) {
    this.type = type;
  }
}

export class CelOptional {
  /** Undefined: there is none. */
  readonly value: CelValue | undefined;
  constructor(value: CelValue | undefined) {
    this.value = value;
  }
}
export const noValue = new CelOptional(undefined);

export abstract class CelList {
  abstract readonly size: number;
  /** The element at a position that exists; a CelFailure when what is there is of the wrong type. */
  abstract at(position: number): CelValue;
  /** Set for lists whose elements are told apart by keys (a list map), or as a whole (a set: no keys). */
  readonly keys: readonly string[] | undefined;
  constructor(keys?: readonly string[]) {
    this.keys = keys;
  }
}

export abstract class CelMap {
  abstract readonly size: number;
  /** The value at a key, undefined when there is none; a CelFailure for a key that no such map can have. */
  abstract find(key: CelValue): CelValue | undefined;
  abstract allKeys(): CelValue[];
}

/** A value of a library's own type. */
export abstract class CelOpaque {
  abstract readonly typeName: string;
  /** As cel-go's Equal of the type. */
  abstract equals(other: CelOpaque): boolean;
  /** What a message or a result shows. */
  abstract toString(): string;
}

/** A list that was computed. While a macro gathers into it, it grows in place. */
export class ArrayList extends CelList {
  readonly elements: CelValue[];
  /** True while it belongs to the one macro that gathers into it. */
  growing = false;
  constructor(elements: CelValue[], keys?: readonly string[]) {
    super(keys);
    this.elements = elements;
  }
  get size(): number {
    return this.elements.length;
  }
  at(position: number): CelValue {
    return this.elements[position]!;
  }
}

/** Two lists one after the other, without a copy. */
export class JoinedList extends CelList {
  readonly left: CelList;
  readonly right: CelList;
  readonly size: number;
  constructor(left: CelList, right: CelList) {
    super();
    this.left = left;
    this.right = right;
    this.size = left.size + right.size;
  }
  at(position: number): CelValue {
    return position < this.left.size ? this.left.at(position) : this.right.at(position - this.left.size);
  }
}

/** The form in which a key is looked up: numbers that are equal are the same key. Undefined for what is no key. */
export function mapKey(value: CelValue): string | bigint | boolean | number | undefined {
  if (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean') return value;
  if (value instanceof CelUint) return value.value;
  if (typeof value === 'number') {
    return Number.isInteger(value) && Math.abs(value) < 2 ** 64 ? BigInt(value) : value;
  }
  return undefined;
}

/** A map that was computed. */
export class EntryMap extends CelMap {
  private readonly entries: Map<string | bigint | boolean | number, { key: CelValue; value: CelValue }>;
  growing = false;
  constructor(entries: Map<string | bigint | boolean | number, { key: CelValue; value: CelValue }>) {
    super();
    this.entries = entries;
  }
  get size(): number {
    return this.entries.size;
  }
  find(key: CelValue): CelValue | undefined {
    const name = mapKey(key);
    return name === undefined ? undefined : this.entries.get(name)?.value;
  }
  allKeys(): CelValue[] {
    return [...this.entries.values()].map((entry) => entry.key);
  }
  /** Adds an entry in place; false when the key is taken. */
  insert(key: CelValue, value: CelValue): boolean {
    const name = mapKey(key);
    if (name === undefined || this.entries.has(name)) return false;
    this.entries.set(name, { key, value });
    return true;
  }
}

export function kindOf(value: CelValue): CelKind {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'string':
      return 'string';
  }
  if (value === null) return 'null';
  if (value instanceof CelMap) return 'map';
  if (value instanceof CelList) return 'list';
  if (value instanceof CelUint) return 'uint';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof CelTimestamp) return 'timestamp';
  if (value instanceof CelDuration) return 'duration';
  if (value instanceof CelTypeValue) return 'type';
  if (value instanceof CelFailure) return 'error';
  return 'opaque';
}

/** The type of a value as `type()` gives it: of a list or map without its elements'. */
export function runtimeType(value: CelValue): CelType {
  switch (kindOf(value)) {
    case 'bool':
      return boolType;
    case 'int':
      return intType;
    case 'uint':
      return uintType;
    case 'double':
      return doubleType;
    case 'string':
      return stringType;
    case 'bytes':
      return bytesType;
    case 'null':
      return nullType;
    case 'timestamp':
      return timestampType;
    case 'duration':
      return durationType;
    case 'type':
      return typeType;
    case 'list':
      return listType(dynType);
    case 'map':
      return mapType(dynType, dynType);
    default:
      return value instanceof CelOpaque ? opaqueType(value.typeName) : optionalType(dynType);
  }
}

/** A value as cel-go's messages print it. */
export function shownValue(value: CelValue): string {
  if (value === null) return 'null';
  if (value instanceof CelUint) return String(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (value instanceof CelTypeValue) return value.type.name;
  if (value instanceof CelFailure) return value.message;
  if (value instanceof CelList)
    return `[${Array.from({ length: Math.min(value.size, 20) }, (_, i) => shownValue(value.at(i))).join(', ')}]`;
  if (value instanceof CelMap)
    return `{${value
      .allKeys()
      .slice(0, 20)
      .map((key) => `${shownValue(key)}: ${shownValue(value.find(key)!)}`)
      .join(', ')}}`;
  if (value instanceof CelTimestamp || value instanceof CelDuration) return String(value.nanos);
  if (value instanceof CelOptional)
    return value.value === undefined ? 'optional.none()' : `optional(${shownValue(value.value)})`;
  return String(value);
}

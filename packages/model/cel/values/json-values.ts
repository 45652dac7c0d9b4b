import { Buffer } from 'node:buffer';
import { type CelType, dynType } from '../cel-type.ts';
import { unescapeFieldName } from './field-names.ts';
import { durationText, parseDate, parseSchemaDuration, parseTimestamp, timestampText } from './time.ts';
import {
  CelDuration,
  CelFailure,
  CelList,
  CelMap,
  CelOpaque,
  CelOptional,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  type CelValue,
} from './value.ts';

/**
 * Plain JavaScript, as decoded from JSON, seen as values of CEL. Nothing is copied: lists and maps convert what is asked
 * of them, when it is asked. What is not of the declared type is an evaluation error where it is used.
 */

type JsonRecord = Readonly<Record<string, unknown>>;

/** An array. */
class JsonList extends CelList {
  private readonly elements: readonly unknown[];
  private readonly element: CelType;
  constructor(elements: readonly unknown[], element: CelType, keys: readonly string[] | undefined) {
    super(keys);
    this.elements = elements;
    this.element = element;
  }
  get size(): number {
    return this.elements.length;
  }
  at(position: number): CelValue {
    return adaptValue(this.element, this.elements[position]);
  }
}

/** A JSON object whose keys are data. */
class JsonMap extends CelMap {
  private readonly record: JsonRecord;
  private readonly value: CelType;
  private names: string[] | undefined;
  constructor(record: JsonRecord, value: CelType) {
    super();
    this.record = record;
    this.value = value;
  }
  private get keys(): string[] {
    this.names ??= Object.keys(this.record);
    return this.names;
  }
  get size(): number {
    return this.keys.length;
  }
  find(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.record, key)) return undefined;
    return adaptValue(this.value, this.record[key]);
  }
  allKeys(): CelValue[] {
    return this.keys;
  }
}

/** A JSON object whose keys are fields of a type. Null is the same as not there. */
class JsonObject extends CelMap {
  private readonly record: JsonRecord;
  private readonly type: CelType;
  constructor(record: JsonRecord, type: CelType) {
    super();
    this.record = record;
    this.type = type;
  }
  get size(): number {
    return Object.keys(this.record).length;
  }
  find(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string') return undefined;
    const name = unescapeFieldName(key);
    if (name === undefined || !Object.hasOwn(this.record, name)) return undefined;
    const value = this.record[name];
    // What has no type cannot be named by an expression, but two objects can be compared with it.
    return value === null || value === undefined ? undefined : adaptValue(this.type.field?.(key) ?? dynType, value);
  }
  allKeys(): CelValue[] {
    return Object.keys(this.record);
  }
}

function isCelObject(value: object): value is Exclude<CelValue, null | string | number | boolean | bigint> {
  return (
    value instanceof CelMap ||
    value instanceof CelList ||
    value instanceof Uint8Array ||
    value instanceof CelUint ||
    value instanceof CelTimestamp ||
    value instanceof CelDuration ||
    value instanceof CelOptional ||
    value instanceof CelOpaque ||
    value instanceof CelTypeValue ||
    value instanceof CelFailure
  );
}

function goType(value: unknown): string {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint' || Number.isInteger(value)) return 'int64';
  if (typeof value === 'number') return 'float64';
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}

function unexpected(wanted: string, value: unknown): CelFailure {
  return new CelFailure(`invalid data, expected ${wanted}, got ${goType(value)}`);
}

/** A value of JSON whose type nobody declared. */
function dynamicValue(value: unknown): CelValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return value;
    case 'number':
      return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? BigInt(value) : value;
  }
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return new JsonList(value, dynType, undefined);
  return typeof value === 'object'
    ? new JsonMap(value as JsonRecord, dynType)
    : new CelFailure('unsupported conversion to ref.Val');
}

function intValue(value: unknown): CelValue {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : unexpected('int', value);
}

function bytesValue(value: unknown): CelValue {
  if (typeof value !== 'string') return unexpected('string', value);
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value))
    return new CelFailure(`Invalid byte formatted string ${value}: illegal base64 data`);
  return new Uint8Array(Buffer.from(value, 'base64'));
}

function timestampValue(value: unknown): CelValue {
  if (typeof value !== 'string') return unexpected('string', value);
  return parseTimestamp(value) ?? parseDate(value) ?? new CelFailure(`Invalid date-time formatted string ${value}`);
}

function durationValue(value: unknown): CelValue {
  if (typeof value !== 'string') return unexpected('string', value);
  return parseSchemaDuration(value) ?? new CelFailure(`Invalid duration ${value}: unable to parse`);
}

/** A value of JSON as one of the declared type; a CelFailure when it is none. Values of CEL are taken as they are. */
export function adaptValue(type: CelType, value: unknown): CelValue {
  if (typeof value === 'object' && value !== null && isCelObject(value)) return value;
  const { kind } = type;
  if (kind === 'dyn' || kind === 'parameter') return dynamicValue(value);
  if (value === null || value === undefined) {
    if (kind === 'null' || type.nullable === true) return null;
    return new CelFailure('invalid data, got null for schema with nullable=false');
  }
  switch (kind) {
    case 'string':
      return typeof value === 'string' ? value : unexpected('string', value);
    case 'int':
      return intValue(value);
    case 'bool':
      return typeof value === 'boolean' ? value : unexpected('bool', value);
    case 'double':
      return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : unexpected('float', value);
    case 'uint':
      return typeof value === 'number' && Number.isInteger(value) && value >= 0
        ? new CelUint(BigInt(value))
        : unexpected('uint', value);
    case 'bytes':
      return bytesValue(value);
    case 'timestamp':
      return timestampValue(value);
    case 'duration':
      return durationValue(value);
    case 'list':
      if (!Array.isArray(value))
        return new CelFailure('invalid data, expected an array for the provided schema with type=array');
      return new JsonList(value, type.parameters[0]!, type.listKeys);
    case 'map':
    case 'object':
      return recordValue(type, value);
    default:
      return dynamicValue(value);
  }
}

function recordValue(type: CelType, value: unknown): CelValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return new CelFailure('invalid data, expected a map for the provided schema with type=object');
  }
  const record = value as JsonRecord;
  return type.kind === 'map' ? new JsonMap(record, type.parameters[1]!) : new JsonObject(record, type);
}

function plainWhole(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Deeper results are cut off; no result that a caller takes is so deep. */
const maxDepth = 200;

/** A value as plain JavaScript, in the form of JSON. */
export function plainValue(value: CelValue, depth = 0): unknown {
  if (depth > maxDepth) return null;
  if (typeof value === 'bigint') return plainWhole(value);
  if (value instanceof CelUint) return plainWhole(value.value);
  if (value instanceof CelList) {
    return Array.from({ length: value.size }, (_, position) => plainValue(value.at(position), depth + 1));
  }
  if (value instanceof CelMap) {
    const names = value.allKeys();
    const entries = names.map(
      (key) => [String(plainValue(key)), plainValue(value.find(key) ?? null, depth + 1)] as const,
    );
    return Object.fromEntries(entries);
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof CelTimestamp) return timestampText(value);
  if (value instanceof CelDuration) return durationText(value);
  if (value instanceof CelOptional) return value.value === undefined ? undefined : plainValue(value.value, depth + 1);
  if (value instanceof CelTypeValue) return value.type.name;
  if (value instanceof CelOpaque) return value.toString();
  return value instanceof CelFailure ? null : value;
}

import { AwsError } from './aws-error.ts';
import type { Member, StructureType, Type } from './service-table.ts';
import { formatTimestamp, millisecondsOf, parseTimestamp } from './timestamps.ts';

/** Deeper than any shape of AWS nests in earnest. */
const deepest = 64;

const jsonTokens: Record<string, string> = { string: 'STRING_VALUE', number: 'NUMBER_VALUE', boolean: 'TRUE_VALUE' };

function tokenOf(value: unknown): string {
  if (Array.isArray(value)) return 'START_ARRAY';
  if (value === false) return 'FALSE_VALUE';
  return jsonTokens[typeof value] ?? 'START_OBJECT';
}

function mismatch(value: unknown, wanted: string): AwsError {
  return new AwsError('SerializationException', `${tokenOf(value)} can not be converted to ${wanted}`, {}, 400);
}

/**
 * A parsed JSON value as the type has it: unknown members are dropped, null is absent, timestamps become Dates, blobs
 * bytes. @throws AwsError SerializationException when the types differ.
 */
export function decodeJson(type: Type, value: unknown, depth = 0): unknown {
  if (depth > deepest) throw new AwsError('SerializationException', 'The request is nested too deeply', {}, 400);
  switch (type.kind) {
    case 'structure':
      return decodeJsonStructure(type, value, type.members, depth);
    case 'list':
      if (!Array.isArray(value)) throw mismatch(value, 'a List');
      return value.filter((item) => item !== null).map((item) => decodeJson(type.element.type, item, depth + 1));
    case 'map':
      return Object.fromEntries(
        Object.entries(recordOf(value, 'a Map'))
          .filter(([, item]) => item !== null)
          .map(([key, item]) => [key, decodeJson(type.value.type, item, depth + 1)]),
      );
    case 'document':
      return value;
    default:
      return decodeJsonScalar(type, value);
  }
}

/** Like decodeJson for a structure, taking only `members` (those bound to the body). */
export function decodeJsonStructure(
  type: StructureType,
  value: unknown,
  members: readonly Member[],
  depth = 0,
): Record<string, unknown> {
  const record = recordOf(value, `a ${type.name}`);
  const out: Record<string, unknown> = {};
  for (const member of members) {
    const item = Object.hasOwn(record, member.jsonName) ? record[member.jsonName] : undefined;
    if (item !== undefined && item !== null) out[member.name] = decodeJson(member.type, item, depth + 1);
  }
  return out;
}

function recordOf(value: unknown, wanted: string): Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw mismatch(value, wanted);
  return value as Record<string, unknown>;
}

function decodeJsonScalar(type: Type, value: unknown): unknown {
  switch (type.kind) {
    case 'string':
      if (typeof value !== 'string') throw mismatch(value, 'a String');
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw mismatch(value, 'a Boolean');
      return value;
    case 'integer':
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw mismatch(value, 'an Integer');
      return value;
    case 'double':
      if (typeof value !== 'number') throw mismatch(value, 'a Double');
      return value;
    case 'blob':
      if (typeof value !== 'string') throw mismatch(value, 'a Blob');
      return new Uint8Array(Buffer.from(value, 'base64'));
    default: {
      const moment = typeof value === 'string' || typeof value === 'number' ? parseTimestamp(value) : undefined;
      if (moment === undefined) throw mismatch(value, 'a Timestamp');
      return moment;
    }
  }
}

/** A value as the type has it as what JSON.stringify writes; members that the table does not know are left out. */
export function encodeJson(type: Type, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  switch (type.kind) {
    case 'structure':
      return encodeJsonStructure(value, type.members);
    case 'list':
      return (value as unknown[]).map((item) => encodeJson(type.element.type, item));
    case 'map':
      return Object.fromEntries(
        Object.entries(value as object).map(([key, item]) => [key, encodeJson(type.value.type, item)]),
      );
    case 'timestamp': {
      const milliseconds = millisecondsOf(value);
      return type.format === undefined || type.format === 'epoch-seconds'
        ? milliseconds / 1000
        : formatTimestamp(milliseconds, type.format);
    }
    case 'blob':
      return typeof value === 'string' ? value : Buffer.from(value as Uint8Array).toString('base64');
    default:
      return value;
  }
}

export function encodeJsonStructure(value: unknown, members: readonly Member[]): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const member of members) {
    const item = encodeJson(member.type, (value as Record<string, unknown>)[member.name]);
    if (item !== undefined) out[member.jsonName] = item;
  }
  return out;
}

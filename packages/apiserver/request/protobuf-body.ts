import { DecodeError, structType } from '@keelson/model';
import type { Field, Scalar, ValueType } from '@keelson/model/tables/field-expression.ts';

/**
 * Reads Kubernetes' protobuf into the value that JSON would give, by the numbers in the tables
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding). kubectl sends some of its objects so.
 */
export const protobufType = 'application/vnd.kubernetes.protobuf';

const magic = Buffer.from('k8s\0', 'latin1');
/** How deep messages may lie in each other. */
const depthLimit = 128;

/** What precedes every object: which type it is (runtime.Unknown). @throws DecodeError */
export function decodeProtobuf(type: string, body: Uint8Array): Record<string, unknown> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.subarray(0, 4).equals(magic))
    throw new DecodeError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  let apiVersion = '';
  let kind = '';
  let raw: Buffer = Buffer.alloc(0);
  for (const part of parts(bytes.subarray(4))) {
    if (part.number === 2) raw = bytesOf(part);
    if (part.number !== 1) continue;
    for (const meta of parts(bytesOf(part))) {
      if (meta.number === 1) apiVersion = bytesOf(meta).toString('utf8');
      if (meta.number === 2) kind = bytesOf(meta).toString('utf8');
    }
  }
  return { ...(apiVersion ? { apiVersion } : {}), ...(kind ? { kind } : {}), ...message(type, raw, 0) };
}

interface Part {
  readonly number: number;
  /** A whole number, or the bytes of everything else. */
  readonly value: bigint | Buffer;
}

/** The fields of one message, in order. */
function* parts(bytes: Buffer): Generator<Part> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 63n) throw new DecodeError('unexpected EOF');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new DecodeError('unexpected EOF');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    const wire = Number(tag & 7n);
    if (wire === 0) yield { number, value: varint() };
    else if (wire === 1) yield { number, value: take(8) };
    else if (wire === 2) yield { number, value: take(Number(varint())) };
    else if (wire === 5) yield { number, value: take(4) };
    else throw new DecodeError(`proto: illegal wireType ${wire}`);
  }
}

function bytesOf({ value }: Part): Buffer {
  if (typeof value === 'bigint') throw new DecodeError('proto: wrong wireType = 0');
  return value;
}

function integerOf({ value }: Part): bigint {
  if (typeof value !== 'bigint') throw new DecodeError('proto: wrong wireType = 2');
  return BigInt.asIntN(64, value);
}

interface Shape {
  readonly fields: ReadonlyMap<number, Field>;
  readonly embedded: ReadonlyMap<number, string>;
}

const shapes = new Map<string, Shape>();

/** A type by its fields' numbers. The fields of an embedded message are that message's own. */
function shapeOf(type: string): Shape {
  let shape = shapes.get(type);
  if (shape === undefined) {
    const { fields, embedded } = structType(type);
    const inner = new Set(embedded.flatMap(({ name }) => [...structType(name).fields.keys()]));
    const own = [...fields.values()].filter((field) => field.number !== undefined && !inner.has(field.name));
    shape = {
      fields: new Map(own.map((field) => [field.number!, field])),
      embedded: new Map(embedded.map(({ name, number }) => [number, name])),
    };
    shapes.set(type, shape);
  }
  return shape;
}

function message(type: string, bytes: Buffer, depth: number): Record<string, unknown> {
  if (depth > depthLimit) throw new DecodeError('exceeded max depth');
  const { fields, embedded } = shapeOf(type);
  const object: Record<string, unknown> = {};
  for (const part of parts(bytes)) {
    const inside = embedded.get(part.number);
    if (inside !== undefined) Object.assign(object, message(inside, bytesOf(part), depth + 1));
    const field = fields.get(part.number);
    if (field !== undefined) put(object, field, part, depth);
  }
  return object;
}

function put(object: Record<string, unknown>, field: Field, part: Part, depth: number): void {
  const { name, type } = field;
  if (type.form === 'list') {
    const list = ((object[name] as unknown[] | undefined) ??= object[name] = []) as unknown[];
    if (field.wrapped) list.push(...wrapped(type.element, part, depth));
    else list.push(decodeValue(type.element, part, depth));
  } else if (type.form === 'map') {
    const map = (object[name] ??= {}) as Record<string, unknown>;
    const [key, value] = entry(type.element, part, depth);
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[name] = decodeValue(type, part, depth);
  }
}

/** A list that is a message of its own. */
function wrapped(element: ValueType, part: Part, depth: number): unknown[] {
  return [...parts(bytesOf(part))]
    .filter(({ number }) => number === 1)
    .map((item) => decodeValue(element, item, depth));
}

function entry(element: ValueType, part: Part, depth: number): [string, unknown] {
  let key = '';
  let value: unknown = element.form === 'scalar' && ['string', 'bytes'].includes(element.scalar) ? '' : undefined;
  for (const half of parts(bytesOf(part))) {
    if (half.number === 1) key = bytesOf(half).toString('utf8');
    if (half.number === 2)
      value = element.form === 'list' ? wrapped(element.element, half, depth) : decodeValue(element, half, depth);
  }
  return [key, value];
}

function decodeValue(type: ValueType, part: Part, depth: number): unknown {
  if (type.form === 'struct') return message(type.name, bytesOf(part), depth + 1);
  if (type.form === 'scalar') return scalars[type.scalar](part);
  throw new DecodeError(`proto: a field of this form is not read`);
}

/** The fields of a small message by number; numbers as text. */
function numbered(part: Part): Map<number, Part> {
  return new Map([...parts(bytesOf(part))].map((inner) => [inner.number, inner]));
}

function timeOf(part: Part, digits: number): string | null {
  const inner = numbered(part);
  const seconds = inner.has(1) ? Number(integerOf(inner.get(1)!)) : 0;
  const nanos = inner.has(2) ? Number(integerOf(inner.get(2)!)) : 0;
  if (seconds === 0 && nanos === 0) return null;
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw new DecodeError('proto: a time is out of range');
  const fraction = digits === 0 ? '' : `.${String(nanos).padStart(9, '0').slice(0, digits)}`;
  return `${date.toISOString().slice(0, 19)}${fraction}Z`;
}

function jsonOf(part: Part): unknown {
  const raw = numbered(part).get(1);
  if (raw === undefined) return null;
  try {
    return JSON.parse(bytesOf(raw).toString('utf8'));
  } catch {
    throw new DecodeError('proto: embedded JSON cannot be read');
  }
}

const scalars: Readonly<Record<Scalar, (part: Part) => unknown>> = {
  string: (part) => bytesOf(part).toString('utf8'),
  bool: (part) => integerOf(part) !== 0n,
  int32: (part) => Number(BigInt.asIntN(32, integerOf(part))),
  int64: (part) => Number(integerOf(part)),
  double: (part) => bytesOf(part).readDoubleLE(),
  bytes: (part) => bytesOf(part).toString('base64'),
  time: (part) => timeOf(part, 0),
  microTime: (part) => timeOf(part, 6),
  duration: (part) => {
    const nanoseconds = numbered(part).get(1);
    return nanoseconds === undefined ? '0s' : `${Number(integerOf(nanoseconds)) / 1e9}s`;
  },
  quantity: (part) => {
    const text = numbered(part).get(1);
    return text === undefined ? '0' : bytesOf(text).toString('utf8');
  },
  intOrString: (part) => {
    const inner = numbered(part);
    const isText = inner.has(1) && integerOf(inner.get(1)!) === 1n;
    if (isText) return inner.has(3) ? bytesOf(inner.get(3)!).toString('utf8') : '';
    return inner.has(2) ? Number(integerOf(inner.get(2)!)) : 0;
  },
  raw: jsonOf,
  json: jsonOf,
  fieldsV1: jsonOf,
};

import type { Field, Scalar, ValueType } from '../../tables/field-expression.ts';
import { structType } from '../../tables/struct-type.ts';
import { DecodeError } from '../decode-error.ts';
import { type Properties, setOwn } from '../own-property.ts';
import { deepestNesting } from '../walk-context.ts';
import { durationText } from './go-duration.ts';
import { WireReader } from './wire-reader.ts';

type Read = (reader: WireReader, wireType: number, into: Properties, depth: number) => void;

const plans = new Map<string, ReadonlyMap<number, Read>>();

function planOf(name: string): ReadonlyMap<number, Read> {
  let plan = plans.get(name);
  if (plan === undefined) {
    const { own, embedded } = structType(name);
    const reads = new Map<number, Read>();
    for (const field of own.values()) if (field.number !== undefined) reads.set(field.number, fieldReader(field));
    for (const { name: inner, number } of embedded) {
      reads.set(number, (reader, wireType, into, depth) => {
        expectWire(wireType, 2, inner);
        readMessage(inner, reader.bytes(), into, depth + 1);
      });
    }
    plans.set(name, reads);
    plan = reads;
  }
  return plan;
}

function expectWire(wireType: number, wanted: number, name: string): void {
  if (wireType !== wanted) throw new DecodeError(`proto: wrong wireType = ${wireType} for field ${name}`);
}

/** Reads a message of a type of the tables into an object. Fields of unknown numbers are left out. */
export function readMessage(name: string, bytes: Uint8Array, into: Properties = {}, depth = 0): Properties {
  if (depth > deepestNesting) throw new DecodeError('exceeded max depth');
  const plan = planOf(name);
  const reader = new WireReader(bytes);
  while (!reader.done) {
    const { number, wireType } = reader.tag();
    const read = plan.get(number);
    if (read === undefined) reader.skip(wireType);
    else read(reader, wireType, into, depth);
  }
  return into;
}

function fieldReader({ name, type, wrapped }: Field): Read {
  if (type.form === 'list') {
    const append = (reader: WireReader, wireType: number, into: Properties, depth: number) => {
      const list = (into[name] ??= []) as unknown[];
      list.push(readValue(reader, wireType, type.element, name, depth) ?? null);
    };
    if (wrapped !== true) return append;
    return (reader, wireType, into, depth) => {
      expectWire(wireType, 2, name);
      into[name] = readList(reader.bytes(), type.element, name, depth);
    };
  }
  if (type.form !== 'map') {
    return (reader, wireType, into, depth) => {
      const value = readValue(reader, wireType, type, name, depth);
      if (value !== undefined) into[name] = value;
    };
  }
  return (reader, wireType, into, depth) => {
    expectWire(wireType, 2, name);
    const map = (into[name] ??= {}) as Properties;
    const [key, value] = readEntry(reader.bytes(), type.element, wrapped === true, name, depth);
    setOwn(map, key, value);
  };
}

/** The list of a message whose only field it is. */
function readList(bytes: Uint8Array, element: ValueType, name: string, depth: number): unknown[] {
  const reader = new WireReader(bytes);
  const list: unknown[] = [];
  while (!reader.done) {
    const { number, wireType } = reader.tag();
    if (number === 1) list.push(readValue(reader, wireType, element, name, depth) ?? null);
    else reader.skip(wireType);
  }
  return list;
}

function readEntry(
  bytes: Uint8Array,
  element: ValueType,
  wrapped: boolean,
  name: string,
  depth: number,
): [string, unknown] {
  const reader = new WireReader(bytes);
  let key = '';
  let value: unknown = null;
  while (!reader.done) {
    const { number, wireType } = reader.tag();
    if (number === 1 && wireType === 2) key = reader.string();
    else if (number !== 2) reader.skip(wireType);
    else if (!wrapped || element.form !== 'list') value = readValue(reader, wireType, element, name, depth);
    else value = readList(reader.bytes(), element.element, name, depth);
  }
  return [key, value ?? null];
}

function readValue(reader: WireReader, wireType: number, type: ValueType, name: string, depth: number): unknown {
  if (type.form === 'scalar') {
    const { wire, read } = scalarReaders[type.scalar];
    expectWire(wireType, wire, name);
    return read(reader);
  }
  expectWire(wireType, 2, name);
  if (type.form === 'struct') return readMessage(type.name, reader.bytes(), {}, depth + 1);
  if (type.form === 'choice') return readChoice(reader.bytes(), type.choices, name, depth);
  return readList(reader.bytes(), type.element, name, depth);
}

function readChoice(bytes: Uint8Array, choices: readonly ValueType[], name: string, depth: number): unknown {
  const [first, second] = choices as [ValueType, ValueType];
  const reader = new WireReader(bytes);
  let allowed: unknown;
  let schema: unknown;
  let list: unknown[] | undefined;
  while (!reader.done) {
    const { number, wireType } = reader.tag();
    const isSchema = number === (second.form === 'list' ? 1 : 2);
    if (isSchema) schema = readValue(reader, wireType, first, name, depth);
    else if (number > 2) reader.skip(wireType);
    else if (second.form === 'list') (list ??= []).push(readValue(reader, wireType, second.element, name, depth));
    else allowed = readValue(reader, wireType, second, name, depth);
  }
  return schema ?? list ?? allowed ?? [];
}

interface ScalarReader {
  readonly wire: number;
  readonly read: (reader: WireReader) => unknown;
}

/** The numbers 1 to 3 of a small message. */
function parts(bytes: Uint8Array): { integers: Map<number, bigint>; texts: Map<number, Buffer> } {
  const reader = new WireReader(bytes);
  const integers = new Map<number, bigint>();
  const texts = new Map<number, Buffer>();
  while (!reader.done) {
    const { number, wireType } = reader.tag();
    if (wireType === 0) integers.set(number, reader.int64());
    else if (wireType === 2) texts.set(number, reader.bytes());
    else reader.skip(wireType);
  }
  return { integers, texts };
}

/** Seconds of the years 1 to 9999: others have no form in JSON. */
const earliest = -62_135_596_800n;
const latest = 253_402_300_799n;

function readTime(reader: WireReader, micro: boolean): unknown {
  const bytes = reader.bytes();
  // An unset time is an empty message.
  if (bytes.length === 0) return undefined;
  const { integers } = parts(bytes);
  const seconds = integers.get(1) ?? 0n;
  if (seconds < earliest || seconds > latest) throw new DecodeError('proto: time out of range');
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  if (!micro) return `${text}Z`;
  const micros = (integers.get(2) ?? 0n) / 1000n;
  return `${text}.${String(micros < 0n ? 0n : micros % 1_000_000n).padStart(6, '0')}Z`;
}

function readJson(reader: WireReader): unknown {
  const text = parts(reader.bytes()).texts.get(1);
  if (text === undefined || text.length === 0) return undefined;
  try {
    return JSON.parse(text.toString('utf8')) as unknown;
  } catch {
    throw new DecodeError('proto: a raw value is no JSON');
  }
}

const json: ScalarReader = { wire: 2, read: readJson };

const scalarReaders: Readonly<Record<Scalar, ScalarReader>> = {
  string: { wire: 2, read: (reader) => reader.string() },
  bool: { wire: 0, read: (reader) => reader.int64() !== 0n },
  int32: { wire: 0, read: (reader) => Number(BigInt.asIntN(32, reader.int64())) },
  int64: { wire: 0, read: (reader) => reader.integer() },
  double: { wire: 1, read: (reader) => reader.double() },
  bytes: { wire: 2, read: (reader) => reader.bytes().toString('base64') },
  time: { wire: 2, read: (reader) => readTime(reader, false) },
  microTime: { wire: 2, read: (reader) => readTime(reader, true) },
  duration: { wire: 2, read: (reader) => durationText(parts(reader.bytes()).integers.get(1) ?? 0n) },
  quantity: { wire: 2, read: (reader) => parts(reader.bytes()).texts.get(1)?.toString('utf8') ?? '0' },
  intOrString: {
    wire: 2,
    read: (reader) => {
      const { integers, texts } = parts(reader.bytes());
      if (integers.get(1) === 1n) return texts.get(3)?.toString('utf8') ?? '';
      return Number(BigInt.asIntN(32, integers.get(2) ?? 0n));
    },
  },
  raw: json,
  json,
  fieldsV1: json,
};

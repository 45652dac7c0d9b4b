import type { Field, Scalar, ValueType } from '../../tables/field-expression.ts';
import { structType } from '../../tables/struct-type.ts';
import { isProperties, type Properties } from '../own-property.ts';
import { durationNanoseconds } from './go-duration.ts';
import type { WireWriter } from './wire-writer.ts';

/**
 * Writes objects as upstream's Go types write themselves: a field that is no pointer is always written, in the order of
 * the numbers, maps in the order of their keys. Objects are in the form that the API keeps.
 */
type Write = (writer: WireWriter, value: Properties) => void;

const plans = new Map<string, Write>();

/** Puts what writes a struct together, once. */
export function messageWriter(name: string): Write {
  let write = plans.get(name);
  if (write === undefined) {
    const { own, embedded } = structType(name);
    const parts: { number: number; write: Write }[] = [];
    for (const field of own.values()) {
      if (field.number !== undefined) parts.push({ number: field.number, write: fieldWriter(field, field.number) });
    }
    for (const { name: inner, number } of embedded) {
      parts.push({ number, write: (writer, value) => writeMessage(writer, number, messageWriter(inner), value) });
    }
    // From the last to the first: the writer works backwards.
    parts.sort((left, right) => right.number - left.number);
    write = (writer, value) => {
      for (const part of parts) part.write(writer, value);
    };
    plans.set(name, write);
  }
  return write;
}

function writeMessage(writer: WireWriter, number: number, write: Write, value: Properties): void {
  const before = writer.length;
  write(writer, value);
  writer.message(number, before);
}

function fieldWriter(field: Field, number: number): Write {
  const { name, type } = field;
  if (field.wrapped === true && type.form === 'list') {
    return (writer, object) => {
      if (object[name] === undefined) return;
      const before = writer.length;
      writeValue(writer, 1, type, object[name]);
      writer.message(number, before);
    };
  }
  const skipped = field.pointer || type.form === 'list' || type.form === 'map';
  const unset = type.form === 'scalar' && type.scalar === 'bytes';
  return (writer, object) => {
    const value = object[name];
    if (value !== undefined && value !== null) writeField(writer, number, field, value);
    else if (!skipped && !unset) writeValue(writer, number, type, undefined);
  };
}

function writeField(writer: WireWriter, number: number, field: Field, value: unknown): void {
  if (field.type.form === 'map' && field.wrapped === true) writeMap(writer, number, field.type.element, value, true);
  else writeValue(writer, number, field.type, value);
}

function writeMap(writer: WireWriter, number: number, element: ValueType, value: unknown, wrapped: boolean): void {
  const entries = Object.entries(value as Properties).sort(([left], [right]) =>
    Buffer.compare(Buffer.from(left), Buffer.from(right)),
  );
  for (const [key, inner] of entries.reverse()) {
    const before = writer.length;
    if (wrapped) {
      const start = writer.length;
      writeValue(writer, 1, element, inner);
      writer.message(2, start);
    } else writeValue(writer, 2, element, inner);
    writer.string(1, key);
    writer.message(number, before);
  }
}

/** Writes one value, or the zero of its type when it is undefined. */
function writeValue(writer: WireWriter, number: number, type: ValueType, value: unknown): void {
  if (type.form === 'scalar') scalarWriters[type.scalar](writer, number, value);
  else if (type.form === 'struct') {
    writeMessage(writer, number, messageWriter(type.name), (value ?? {}) as Properties);
  } else if (type.form === 'list') {
    const list = value as unknown[];
    for (let index = list.length - 1; index >= 0; index--) writeValue(writer, number, type.element, list[index]);
  } else if (type.form === 'map') writeMap(writer, number, type.element, value, false);
  else writeChoice(writer, number, type.choices, value);
}

/** JSONSchemaPropsOrArray, …OrBool and …OrStringArray: a message with a field for each form. */
function writeChoice(writer: WireWriter, number: number, choices: readonly ValueType[], value: unknown): void {
  const before = writer.length;
  const [first, second] = choices as [ValueType, ValueType];
  if (second.form === 'list') {
    if (Array.isArray(value)) writeValue(writer, 2, second, value);
    else writeValue(writer, 1, first, value);
  } else {
    if (isProperties(value)) writeValue(writer, 2, first, value);
    scalarWriters.bool(writer, 1, value !== false);
  }
  writer.message(number, before);
}

type ScalarWriter = (writer: WireWriter, number: number, value: unknown) => void;

function writeInteger(writer: WireWriter, number: number, value: unknown): void {
  writer.varint((value as number | undefined) ?? 0);
  writer.tag(number, 0);
}

function writeTime(writer: WireWriter, number: number, value: unknown): void {
  const before = writer.length;
  if (typeof value === 'string') {
    const micros = /\.(\d{1,6})/.exec(value)?.[1] ?? '';
    writeInteger(writer, 2, Number(micros.padEnd(6, '0')) * 1000);
    writeInteger(writer, 1, Date.parse(`${value.slice(0, 19)}Z`) / 1000);
  }
  writer.message(number, before);
}

/** Values of any kind are carried as their JSON. */
function writeJson(writer: WireWriter, number: number, value: unknown): void {
  const before = writer.length;
  if (value !== undefined) writer.string(1, JSON.stringify(value));
  writer.message(number, before);
}

const scalarWriters: Readonly<Record<Scalar, ScalarWriter>> = {
  string: (writer, number, value) => writer.string(number, (value as string | undefined) ?? ''),
  bool: (writer, number, value) => writeInteger(writer, number, value === true ? 1 : 0),
  int32: writeInteger,
  int64: writeInteger,
  double: (writer, number, value) => {
    writer.double((value as number | undefined) ?? 0);
    writer.tag(number, 1);
  },
  bytes: (writer, number, value) => writer.bytes(number, Buffer.from((value as string | undefined) ?? '', 'base64')),
  time: writeTime,
  microTime: writeTime,
  duration: (writer, number, value) => {
    const before = writer.length;
    writer.bigVarint(durationNanoseconds((value as string | undefined) ?? '0s'));
    writer.tag(1, 0);
    writer.message(number, before);
  },
  quantity: (writer, number, value) => {
    const before = writer.length;
    writer.string(1, (value as string | undefined) ?? '0');
    writer.message(number, before);
  },
  intOrString: (writer, number, value) => {
    const before = writer.length;
    writer.string(3, typeof value === 'string' ? value : '');
    writeInteger(writer, 2, typeof value === 'number' ? value : 0);
    writeInteger(writer, 1, typeof value === 'string' ? 1 : 0);
    writer.message(number, before);
  },
  raw: writeJson,
  json: writeJson,
  fieldsV1: writeJson,
};

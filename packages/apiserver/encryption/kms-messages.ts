/**
 * The messages of a key management plug-in (k8s.io/kms/apis/v2) and of what it helped to seal
 * (k8s.io/apiserver, envelope/kmsv2), in protobuf.
 */
import { DecryptionError } from './value-cipher.ts';

type Value = Uint8Array | string | number | Readonly<Record<string, Uint8Array>>;

/** Fields by number; those that are empty are left out, as protobuf has it. */
export function encodeFields(fields: Readonly<Record<number, Value>>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [number, value] of Object.entries(fields)) {
    const field = Number(number);
    if (typeof value === 'number') {
      if (value !== 0) parts.push(Buffer.from([...varint(field << 3), ...varint(value)]));
    } else if (typeof value === 'string' || value instanceof Uint8Array) {
      if (value.length > 0) parts.push(delimited(field, Buffer.from(value as string)));
    } else {
      for (const [key, entry] of Object.entries(value))
        parts.push(delimited(field, encodeFields({ 1: key, 2: entry })));
    }
  }
  return Buffer.concat(parts);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

function delimited(field: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(bytes.length)]), bytes]);
}

/** A message's fields: numbers, and bytes of everything else, in their order. */
export class Fields {
  readonly #bytes = new Map<number, Buffer[]>();
  readonly #numbers = new Map<number, number>();

  /** @throws DecryptionError for what is no message */
  constructor(message: Uint8Array) {
    const buffer = Buffer.from(message.buffer, message.byteOffset, message.length);
    let at = 0;
    const next = (): number => {
      let value = 0;
      for (let shift = 0; shift < 42; shift += 7) {
        const byte = buffer[at++];
        if (byte === undefined) break;
        value += (byte & 127) * 2 ** shift;
        if (byte < 128) return value;
      }
      throw new DecryptionError('the stored data is no message');
    };
    while (at < buffer.length) {
      const tag = next();
      const number = Math.floor(tag / 8);
      if (tag % 8 === 0) this.#numbers.set(number, next());
      else if (tag % 8 === 2) {
        const length = next();
        if (at + length > buffer.length) throw new DecryptionError('the stored data is no message');
        this.#bytes.set(number, [...(this.#bytes.get(number) ?? []), buffer.subarray(at, at + length)]);
        at += length;
      } else throw new DecryptionError('the stored data is no message');
    }
  }

  bytes(number: number): Uint8Array {
    return this.#bytes.get(number)?.at(-1) ?? new Uint8Array(0);
  }

  text(number: number): string {
    return Buffer.from(this.bytes(number)).toString('utf8');
  }

  number(number: number): number {
    return this.#numbers.get(number) ?? 0;
  }

  map(number: number): Record<string, Uint8Array> {
    const entries = (this.#bytes.get(number) ?? []).map((entry): [string, Uint8Array] => {
      const fields = new Fields(entry);
      return [fields.text(1), fields.bytes(2)];
    });
    return Object.fromEntries(entries);
  }
}

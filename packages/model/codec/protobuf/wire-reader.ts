import { isUtf8 } from 'node:buffer';
import { DecodeError } from '../decode-error.ts';

function truncated(): never {
  throw new DecodeError('unexpected EOF');
}

/** Reads protobuf from the beginning. Everything throws DecodeError for bytes that are no protobuf. */
export class WireReader {
  readonly #buffer: Buffer;
  #at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = 0;
    this.#end = bytes.length;
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.#at >= this.#end) return truncated();
      const byte = this.#buffer[this.#at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw new DecodeError('proto: integer overflow');
  }

  /** Four bytes at most are read without big integers; what is longer is rare. */
  #unsigned(): number {
    let value = 0;
    for (let index = 0; index < 4; index++) {
      const byte = this.#buffer[this.#at + index];
      if (byte === undefined || this.#at + index >= this.#end) return truncated();
      value += (byte & 127) * 2 ** (7 * index);
      if (byte < 128) {
        this.#at += index + 1;
        return value;
      }
    }
    return Number(this.#varint());
  }

  /** The number and wire type of the next field. */
  tag(): { number: number; wireType: number } {
    const tag = this.#unsigned();
    if (tag < 8) throw new DecodeError(`proto: illegal tag ${Math.floor(tag / 8)} (wire type ${tag % 8})`);
    return { number: Math.floor(tag / 8), wireType: tag % 8 };
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.#varint());
  }

  integer(): number {
    return Number(this.int64());
  }

  double(): number {
    if (this.#at + 8 > this.#end) return truncated();
    this.#at += 8;
    return this.#buffer.readDoubleLE(this.#at - 8);
  }

  /** The bytes of a field with a length; they share the message's memory. */
  bytes(): Buffer {
    const length = this.#unsigned();
    if (length > this.#end - this.#at) return truncated();
    this.#at += length;
    return this.#buffer.subarray(this.#at - length, this.#at);
  }

  string(): string {
    const bytes = this.bytes();
    if (!isUtf8(bytes)) throw new DecodeError('proto: invalid UTF-8 string');
    return bytes.toString('utf8');
  }

  skip(wireType: number): void {
    if (wireType === 0) this.#varint();
    else if (wireType === 1) this.double();
    else if (wireType === 2) this.bytes();
    else if (wireType === 5 && this.#at + 4 <= this.#end) this.#at += 4;
    else throw new DecodeError(`proto: illegal wireType ${wireType}`);
  }
}

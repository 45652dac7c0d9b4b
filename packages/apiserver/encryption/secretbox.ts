/**
 * NaCl's secretbox: XSalsa20 and Poly1305 (https://nacl.cr.yp.to/secretbox.html; Bernstein, "Extending the Salsa20 nonce",
 * and "The Poly1305-AES message-authentication code"). Node's own cryptography has neither.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { DecryptionError, type ValueCipher } from './value-cipher.ts';

const nonceSize = 24;
const tagSize = 16;
const blockSize = 64;
/** "expand 32-byte k" */
const constants = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;

function rotated(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

/** The words of one round's four quarters, columns first and then rows. */
const quarters = [
  [0, 4, 8, 12],
  [5, 9, 13, 1],
  [10, 14, 2, 6],
  [15, 3, 7, 11],
  [0, 1, 2, 3],
  [5, 6, 7, 4],
  [10, 11, 8, 9],
  [15, 12, 13, 14],
] as const;

/** Twenty rounds of Salsa20 in place. */
function salsa20(words: Int32Array): void {
  for (let round = 0; round < 10; round++) {
    for (const [a, b, c, d] of quarters) {
      words[b]! ^= rotated((words[a]! + words[d]!) | 0, 7);
      words[c]! ^= rotated((words[b]! + words[a]!) | 0, 9);
      words[d]! ^= rotated((words[c]! + words[b]!) | 0, 13);
      words[a]! ^= rotated((words[d]! + words[c]!) | 0, 18);
    }
  }
}

/** The state that key and 16 bytes of input make. */
function stateOf(key: Buffer, input: Buffer): Int32Array {
  const words = new Int32Array(16);
  for (let index = 0; index < 4; index++) {
    words[5 * index] = constants[index]!;
    words[1 + index] = key.readInt32LE(4 * index);
    words[11 + index] = key.readInt32LE(16 + 4 * index);
    words[6 + index] = input.readInt32LE(4 * index);
  }
  return words;
}

/** HSalsa20: the key of a stream whose nonce begins with these 16 bytes. */
function streamKey(key: Buffer, nonce: Buffer): Buffer {
  const words = stateOf(key, nonce.subarray(0, 16));
  salsa20(words);
  const out = Buffer.alloc(32);
  [0, 5, 10, 15, 6, 7, 8, 9].forEach((word, index) => {
    out.writeInt32LE(words[word]!, 4 * index);
  });
  return out;
}

/** The first `length` bytes of XSalsa20's stream. */
function stream(key: Buffer, nonce: Buffer, length: number): Buffer {
  const inner = streamKey(key, nonce);
  const input = Buffer.alloc(16);
  nonce.copy(input, 0, 16, 24);
  const out = Buffer.alloc(Math.ceil(length / blockSize) * blockSize);
  const start = stateOf(inner, input);
  const words = new Int32Array(16);
  for (let block = 0; block * blockSize < length; block++) {
    start[8] = block | 0;
    words.set(start);
    salsa20(words);
    for (let word = 0; word < 16; word++)
      out.writeInt32LE((words[word]! + start[word]!) | 0, block * blockSize + 4 * word);
  }
  return out.subarray(0, length);
}

/** Ten digits of 13 bits hold a number of 130 bits, so that their products stay exact. */
const digits = 10;
const base = 1 << 13;

function digitsOf(bytes: Buffer): Float64Array {
  const out = new Float64Array(digits);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    if ((bytes[bit >> 3]! >> (bit & 7)) & 1) out[Math.floor(bit / 13)]! += 2 ** (bit % 13);
  }
  return out;
}

/** Poly1305 of `message` under a key of 32 bytes. */
function poly1305(message: Buffer, key: Buffer): Buffer {
  const clamped = Buffer.from(key.subarray(0, 16));
  for (const at of [3, 7, 11, 15]) clamped[at]! &= 15;
  for (const at of [4, 8, 12]) clamped[at]! &= 252;
  const factor = digitsOf(clamped);
  const sum = new Float64Array(digits);
  const product = new Float64Array(digits);
  for (let at = 0; at < message.length; at += 16) {
    const part = Buffer.concat([message.subarray(at, at + 16), Uint8Array.of(1)]);
    const added = digitsOf(part);
    for (let index = 0; index < digits; index++) sum[index]! += added[index]!;
    for (let index = 0; index < digits; index++) {
      let value = 0;
      // 2^130 is 5 modulo the prime.
      for (let left = 0; left < digits; left++)
        value += left <= index ? sum[left]! * factor[index - left]! : 5 * sum[left]! * factor[index + digits - left]!;
      product[index] = value;
    }
    carry(product);
    sum.set(product);
  }
  return tagOf(sum, key.subarray(16));
}

function carry(value: Float64Array): void {
  for (let pass = 0; pass < 2; pass++) {
    let over = 0;
    for (let index = 0; index < digits; index++) {
      const whole = value[index]! + over;
      over = Math.floor(whole / base);
      value[index] = whole - over * base;
    }
    value[0]! += 5 * over;
  }
}

/** The sum, reduced, plus the second half of the key, modulo 2^128. */
function tagOf(sum: Float64Array, pad: Buffer): Buffer {
  carry(sum);
  let number = 0n;
  for (let index = digits - 1; index >= 0; index--) number = (number << 13n) + BigInt(sum[index]!);
  number %= (1n << 130n) - 5n;
  number += pad.readBigUInt64LE(0) + (pad.readBigUInt64LE(8) << 64n);
  const out = Buffer.alloc(tagSize);
  out.writeBigUInt64LE(number & 0xffffffffffffffffn, 0);
  out.writeBigUInt64LE((number >> 64n) & 0xffffffffffffffffn, 8);
  return out;
}

function xored(text: Uint8Array, with_: Buffer): Buffer {
  const out = Buffer.from(text);
  for (let index = 0; index < out.length; index++) out[index]! ^= with_[index]!;
  return out;
}

/** Tag and cipher text of `plain` under a key of 32 and a nonce of 24 bytes. */
export function sealBox(plain: Uint8Array, nonce: Buffer, key: Buffer): Buffer {
  const bytes = stream(key, nonce, 32 + plain.length);
  const text = xored(plain, bytes.subarray(32));
  return Buffer.concat([poly1305(text, bytes.subarray(0, 32)), text]);
}

/** What was sealed; undefined when it was not, or not so. */
export function openBox(sealed: Uint8Array, nonce: Buffer, key: Buffer): Buffer | undefined {
  if (sealed.length < tagSize) return undefined;
  const text = Buffer.from(sealed.subarray(tagSize));
  const bytes = stream(key, nonce, 32 + text.length);
  if (!timingSafeEqual(poly1305(text, bytes.subarray(0, 32)), sealed.subarray(0, tagSize))) return undefined;
  return xored(text, bytes.subarray(32));
}

/** NaCl's secretbox with a key of 32 bytes. */
export function secretboxCipher(name: string, bytes: Uint8Array): ValueCipher {
  const key = Buffer.from(bytes);
  return {
    prefix: `k8s:enc:secretbox:v1:${name}:`,
    seal: (plain) => {
      const nonce = randomBytes(nonceSize);
      return Buffer.concat([nonce, sealBox(plain, nonce, key)]);
    },
    open: (sealed) => {
      const nonce = Buffer.from(sealed.subarray(0, nonceSize));
      const plain = nonce.length < nonceSize ? undefined : openBox(sealed.subarray(nonceSize), nonce, key);
      if (plain === undefined) throw new DecryptionError('the stored data cannot be opened with this key');
      return plain;
    },
  };
}

import { Buffer } from 'node:buffer';
import { type Literal, UnsignedLiteral } from './expression.ts';
import type { Token } from './lexer.ts';

/** A literal whose text is no value. The message is cel-go's. */
export class LiteralError extends Error {}

const largestInt = 2n ** 63n - 1n;
const smallestInt = -(2n ** 63n);
const largestUint = 2n ** 64n - 1n;
const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};
const escapes = /\\(?:([abfnrtv"'\\?`])|([0-3][0-7][0-7])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/g;

function withoutQuotes(text: string): { body: string; raw: boolean } {
  const normal = text.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
  const raw = /^[rR]/.test(normal);
  const quoted = raw ? normal.slice(1) : normal;
  const width = quoted.length >= 6 && /^("""|''')/.test(quoted) ? 3 : 1;
  return { body: quoted.slice(width, quoted.length - width), raw };
}

function codePoint(value: number): string {
  if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) throw new LiteralError('invalid unicode code point');
  return String.fromCodePoint(value);
}

function stringValue(text: string): string {
  const { body, raw } = withoutQuotes(text);
  if (raw || !body.includes('\\')) return body;
  return body.replace(escapes, (_whole, simple, octal, hex, short, long) => {
    if (simple !== undefined) return simpleEscapes[simple]!;
    if (octal !== undefined) return codePoint(Number.parseInt(octal, 8));
    return codePoint(Number.parseInt(hex ?? short ?? long, 16));
  });
}

function bytesValue(text: string): Uint8Array {
  const { body, raw } = withoutQuotes(text.slice(1));
  if (raw || !body.includes('\\')) return new Uint8Array(Buffer.from(body, 'utf8'));
  const parts: Buffer[] = [];
  let last = 0;
  for (const found of body.matchAll(escapes)) {
    const [whole, simple, octal, hex, short, long] = found;
    if (short !== undefined || long !== undefined) throw new LiteralError('unable to unescape string');
    parts.push(Buffer.from(body.slice(last, found.index), 'utf8'));
    if (simple !== undefined) parts.push(Buffer.from(simpleEscapes[simple]!, 'utf8'));
    else parts.push(Buffer.from([octal === undefined ? Number.parseInt(hex!, 16) : Number.parseInt(octal, 8)]));
    last = found.index + whole.length;
  }
  parts.push(Buffer.from(body.slice(last), 'utf8'));
  return new Uint8Array(Buffer.concat(parts));
}

/** Longer numerals have no value in any type; refused before arithmetic on them. */
const longestNumeral = 400;

/** The value of a numeral. @throws LiteralError when it does not fit its type */
export function numeralValue(token: Token, negative: boolean): Literal {
  const text = token.text;
  if (token.kind === 'NUM_FLOAT') {
    const value = Number(text);
    if (!Number.isFinite(value)) throw new LiteralError('invalid double literal');
    return negative ? -value : value;
  }
  const unsigned = token.kind === 'NUM_UINT';
  const digits = unsigned ? text.slice(0, -1) : text;
  if (digits.length > longestNumeral) throw new LiteralError(`invalid ${unsigned ? 'uint' : 'int'} literal`);
  const value = negative ? -BigInt(digits) : BigInt(digits);
  if (unsigned) {
    if (value > largestUint) throw new LiteralError('invalid uint literal');
    return new UnsignedLiteral(value);
  }
  if (value > largestInt || value < smallestInt) throw new LiteralError('invalid int literal');
  return value;
}

/** The value of a string or bytes token. @throws LiteralError */
export function textValue(token: Token): Literal {
  return token.kind === 'BYTES' ? bytesValue(token.text) : stringValue(token.text);
}

import { DecodeError } from './decode-error.ts';
import { checkJson } from './json-scanner.ts';
import { deepestNesting } from './walk-context.ts';

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;

/** How many names the objects in a JSON text give, repeated ones counted again: each has a colon outside of strings. */
function namesIn(bytes: Uint8Array): number {
  let names = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === colon) names++;
    else if (byte === quote) {
      for (at++; bytes[at] !== quote; at++) if (bytes[at] === backslash) at++;
    }
  }
  return names;
}

function namesOf(value: object, depth: number): number {
  if (depth > deepestNesting) throw new DecodeError('exceeded max depth');
  let names = 0;
  if (Array.isArray(value)) {
    for (const element of value)
      if (typeof element === 'object' && element !== null) names += namesOf(element, depth + 1);
    return names;
  }
  for (const name in value) {
    names++;
    const inner = (value as Record<string, unknown>)[name];
    if (typeof inner === 'object' && inner !== null) names += namesOf(inner, depth + 1);
  }
  return names;
}

/**
 * `duplicate field "spec.replicas"` for each field that is given twice. Almost no text has one, so the names are counted
 * first, in the text and in what became of it, and only a difference has the text read again.
 * @param value what JSON.parse made of the bytes
 */
export function duplicateFields(bytes: Uint8Array, value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null || namesIn(bytes) === namesOf(value, 0)) return [];
  return checkJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
}

import { normalize } from '../../../codec/decode.ts';
import { DecodeError } from '../../../codec/decode-error.ts';
import type { Fields } from '../../core/pod/fields.ts';

/** The longest text that is read: no object may have longer annotations. */
const LONGEST = 256 * 1024;

function parsed(text: string | undefined): unknown {
  if (text === undefined || text.length > LONGEST) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asType(type: string, value: unknown): Fields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  try {
    return normalize(type, value).object;
  } catch (thrown) {
    if (thrown instanceof DecodeError) return undefined;
    throw thrown;
  }
}

/**
 * What an annotation holds as JSON, as an object of `type` in the tables; undefined when it is not one. `prepare` changes
 * what was read before it is looked at.
 */
export function readAnnotation(
  type: string,
  text: string | undefined,
  prepare: (value: unknown) => unknown = (value) => value,
): Fields | undefined {
  return asType(type, prepare(parsed(text)));
}

/** The same for a list of such objects; none when one of them is not. */
export function readAnnotationList(type: string, text: string | undefined): Fields[] {
  const list = parsed(text);
  if (!Array.isArray(list)) return [];
  const objects = list.map((item) => asType(type, item));
  return objects.every((object) => object !== undefined) ? objects : [];
}

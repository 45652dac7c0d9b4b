import { DecodeError } from './decode-error.ts';

/** Deeper objects than this are refused: no type of the API comes near it, and stacks are finite. */
export const deepestNesting = 1000;
/** Strict errors beyond this many are not told apart any more (as upstream's decoder). */
const mostUnknown = 100;

/** Where a walk through an object is, and what it found. One to a walk. */
export class WalkContext {
  readonly unknown: string[] = [];
  /** Segments from the root: field names, map keys, and list positions as numbers. */
  readonly path: (string | number)[] = [];
  /** Names of the struct fields on the way, without map keys and positions: what wrong-type errors name. */
  readonly fields: string[] = [];
  /** The name of the innermost struct. */
  struct = '';

  unknownField(name: string): void {
    if (this.unknown.length < mostUnknown)
      this.unknown.push(`unknown field ${goQuoted(pathText([...this.path, name]))}`);
  }

  /** @throws DecodeError always: `found` is the JSON type that was met, `type` the Go type that was wanted. */
  mismatch(found: string, type: string): never {
    const place = this.fields.length === 0 ? 'Go value' : `Go struct field ${this.struct}.${this.fields.join('.')}`;
    throw new DecodeError(`json: cannot unmarshal ${found} into ${place} of type ${type}`);
  }
}

/** `spec.containers[0].ports`. */
export function pathText(path: readonly (string | number)[]): string {
  let text = '';
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`;
    else text += text === '' ? segment : `.${segment}`;
  }
  return text;
}

/** Text as Go's %q writes it, for the characters that JSON writes otherwise. */
export function goQuoted(text: string): string {
  return JSON.stringify(text);
}

/** What Go calls the JSON type of a value. */
export function jsonTypeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (value === null) return 'null';
  return typeof value;
}

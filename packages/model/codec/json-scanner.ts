import { DecodeError } from './decode-error.ts';
import { goQuoted, pathText } from './walk-context.ts';

/** As deep as Go's decoder goes. */
const deepest = 10_000;
const mostDuplicates = 100;

/** A character as Go prints it in its errors. */
function quotedCharacter(character: string): string {
  if (character === "'") return "'\\''";
  if (character === '"') return `'"'`;
  const code = character.codePointAt(0)!;
  const escapes: Record<number, string> = { 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r' };
  if (escapes[code] !== undefined) return `'${escapes[code]}'`;
  if (code < 0x20 || code === 0x7f) return `'\\x${code.toString(16).padStart(2, '0')}'`;
  // Go's scanner sees bytes: of a longer character, the first.
  if (code > 0x7f) return `'${String.fromCharCode(Buffer.from(character)[0]!)}'`;
  return `'${character === '\\' ? '\\\\' : character}'`;
}

/** An object or array that the scanner is in, kept on a list instead of the call stack. */
interface Level {
  readonly names: Set<string> | undefined;
  index: number;
}

class JsonScanner {
  readonly #text: string;
  #at = 0;
  readonly #levels: Level[] = [];
  readonly #path: (string | number)[] = [];
  readonly duplicates = new Set<string>();

  constructor(text: string) {
    this.#text = text;
  }

  scan(): void {
    let expected = this.#value();
    while (expected || this.#levels.length > 0) expected = expected ? this.#value() : this.#next();
    this.#space();
    if (this.#at < this.#text.length) this.#fail('after top-level value');
  }

  #fail(where: string): never {
    if (this.#at >= this.#text.length) throw new DecodeError('unexpected end of JSON input');
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at)!);
    throw new DecodeError(`invalid character ${quotedCharacter(character)} ${where}`);
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  /**
   * Reads a whole scalar, or the opening of an object or array and what follows up to its first value.
   * @returns whether a value has to follow
   */
  #value(): boolean {
    this.#space();
    const character = this.#text[this.#at];
    if (character === '{' || character === '[') return this.#open(character);
    if (character === '"') this.#string();
    else if (character === 't') this.#literal('true');
    else if (character === 'f') this.#literal('false');
    else if (character === 'n') this.#literal('null');
    else if (character !== undefined && /[-0-9]/.test(character)) this.#number();
    else this.#fail('looking for beginning of value');
    return false;
  }

  #open(bracket: '{' | '['): boolean {
    this.#at++;
    if (this.#levels.length >= deepest) throw new DecodeError('exceeded max depth');
    const level: Level = { names: bracket === '{' ? new Set() : undefined, index: 0 };
    this.#space();
    if (this.#text[this.#at] === (bracket === '{' ? '}' : ']')) {
      this.#at++;
      return false;
    }
    this.#levels.push(level);
    if (level.names !== undefined) this.#key(level.names);
    else this.#path.push(0);
    return true;
  }

  #key(names: Set<string>): void {
    this.#space();
    if (this.#text[this.#at] !== '"') this.#fail('looking for beginning of object key string');
    const name = this.#string();
    this.#path.push(name);
    if (names.has(name) && this.duplicates.size < mostDuplicates) this.duplicates.add(pathText(this.#path));
    names.add(name);
    this.#space();
    if (this.#text[this.#at] !== ':') this.#fail('after object key');
    this.#at++;
  }

  /** After a value: a comma and the next one, or the end of the level. @returns whether a value has to follow */
  #next(): boolean {
    const level = this.#levels.at(-1)!;
    this.#space();
    const character = this.#text[this.#at];
    this.#path.pop();
    if (character === (level.names === undefined ? ']' : '}')) {
      this.#at++;
      this.#levels.pop();
      return false;
    }
    if (character !== ',')
      this.#fail(level.names === undefined ? 'after array element' : 'after object key:value pair');
    this.#at++;
    if (level.names !== undefined) this.#key(level.names);
    else this.#path.push(++level.index);
    return true;
  }

  #string(): string {
    const start = this.#at++;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === 0x22) break;
      if (code === 0x5c) this.#escape();
      else if (code < 0x20 || Number.isNaN(code)) this.#fail('in string literal');
      else this.#at++;
    }
    this.#at++;
    return JSON.parse(this.#text.slice(start, this.#at)) as string;
  }

  #escape(): void {
    this.#at++;
    const character = this.#text[this.#at];
    if (character === undefined || !'"\\/bfnrtu'.includes(character)) this.#fail('in string escape code');
    this.#at++;
    if (character !== 'u') return;
    for (const end = this.#at + 4; this.#at < end; this.#at++) {
      if (!/[0-9a-fA-F]/.test(this.#text[this.#at] ?? '')) this.#fail('in \\u hexadecimal character escape');
    }
  }

  #literal(word: string): void {
    for (const expected of word) {
      if (this.#text[this.#at] !== expected) this.#fail(`in literal ${word} (expecting ${quotedCharacter(expected)})`);
      this.#at++;
    }
  }

  #digits(where: string): void {
    if (!/[0-9]/.test(this.#text[this.#at] ?? '')) this.#fail(where);
    while (/[0-9]/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #number(): void {
    if (this.#text[this.#at] === '-') this.#at++;
    if (this.#text[this.#at] === '0') this.#at++;
    else this.#digits('in numeric literal');
    if (this.#text[this.#at] === '.') {
      this.#at++;
      this.#digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.#text[this.#at] ?? '')) {
      this.#at++;
      if (/[-+]/.test(this.#text[this.#at] ?? '')) this.#at++;
      this.#digits('in exponent of numeric literal');
    }
  }
}

/**
 * Checks JSON as Go's decoder does. @returns `duplicate field "spec.replicas"` for each field that is given twice.
 * @throws DecodeError with Go's words for the first thing that is wrong
 */
export function checkJson(text: string): string[] {
  const scanner = new JsonScanner(text);
  scanner.scan();
  return [...scanner.duplicates].map((path) => `duplicate field ${goQuoted(path)}`);
}

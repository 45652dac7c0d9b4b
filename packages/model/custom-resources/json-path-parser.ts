/** One step of a path. */
export type Step =
  | { readonly form: 'root' }
  | { readonly form: 'field'; readonly name: string }
  | { readonly form: 'wildcard' }
  /** The value and everything in it. */
  | { readonly form: 'recursive' }
  | { readonly form: 'slice'; readonly from?: number; readonly to?: number | undefined; readonly by?: number }
  | { readonly form: 'union'; readonly paths: readonly (readonly Step[])[] }
  | {
      readonly form: 'filter';
      readonly left: FilterTerm;
      readonly operator: '==' | '!=' | '<' | '<=' | '>' | '>=' | 'exists';
      readonly right?: FilterTerm;
    };

/** One side of a comparison: a literal, or what a path from the element leads to. */
export type FilterTerm = { readonly value: unknown } | { readonly steps: readonly Step[] };

const longest = 2048;

/** Reads the text of one path. */
export class JsonPathParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws SyntaxError */
  parse(): Step[] {
    if (this.#text.length > longest) throw new SyntaxError('the path is too long');
    const steps: Step[] = [];
    while (this.#at < this.#text.length) steps.push(...this.#step(steps.length === 0));
    return steps;
  }

  #step(first: boolean): Step[] {
    const rest = this.#text.slice(this.#at);
    const character = rest[0]!;
    if (character === '$' && first) return this.#take(1, { form: 'root' });
    if (character === '@' && first) {
      this.#at++;
      return [];
    }
    if (character === '[') return this.#brackets();
    if (rest.startsWith('..')) {
      this.#at += 2;
      const next = this.#text[this.#at];
      return next === undefined || next === '[' ? [{ form: 'recursive' }] : [{ form: 'recursive' }, this.#field()];
    }
    if (character === '.') {
      this.#at++;
      const next = this.#text[this.#at];
      // A lone dot is the value itself.
      if (next === undefined || next === '[') return [];
      return [this.#field()];
    }
    if (first) return [this.#field()];
    throw new SyntaxError(`unrecognized character in action: ${JSON.stringify(character)}`);
  }

  #take(length: number, step: Step): Step[] {
    this.#at += length;
    return [step];
  }

  #field(): Step {
    let name = '';
    let escaped = false;
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at]!;
      if (character === '\\' && this.#at + 1 < this.#text.length) {
        name += this.#text[++this.#at];
        escaped = true;
      } else if ('.[] {}()\t\n'.includes(character)) break;
      else name += character;
    }
    if (name === '') throw new SyntaxError(`unrecognized character in action at ${this.#at}`);
    return name === '*' && !escaped ? { form: 'wildcard' } : { form: 'field', name };
  }

  /** What stands between `[` and its `]`, quotes minded. */
  #inside(): string {
    const start = ++this.#at;
    let depth = 1;
    let quote = '';
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at]!;
      if (quote !== '') {
        if (character === '\\') this.#at++;
        else if (character === quote) quote = '';
      } else if (character === '"' || character === "'") quote = character;
      else if (character === '[') depth++;
      else if (character === ']' && --depth === 0) return this.#text.slice(start, this.#at++);
    }
    throw new SyntaxError('unterminated array');
  }

  #brackets(): Step[] {
    const text = this.#inside().trim();
    const filter = /^\?\(([\s\S]*)\)$/.exec(text);
    if (filter !== null) return [filterStep(filter[1]!)];
    const parts = splitOutside(text, ',');
    if (parts.length > 1) return [{ form: 'union', paths: parts.map((part) => [member(part.trim())]) }];
    return [member(text)];
  }
}

/** One member of brackets: `0`, `-1`, `1:3`, `*`, `'name'`. @throws SyntaxError */
function member(text: string): Step {
  if (text === '*') return { form: 'wildcard' };
  const quoted = /^(?:'([\s\S]*)'|"([\s\S]*)")$/.exec(text);
  if (quoted !== null) return { form: 'field', name: (quoted[1] ?? quoted[2]!).replace(/\\(.)/g, '$1') };
  const range = /^(-?\d*)(?::(-?\d*))?(?::(\d*))?$/.exec(text);
  if (range === null || text === '') throw new SyntaxError(`invalid array index ${text}`);
  const [, from = '', to, by] = range;
  const start = from === '' ? 0 : Number(from);
  if (to === undefined) return { form: 'slice', from: start, to: start + 1 };
  const step = by === undefined || by === '' ? 1 : Number(by);
  if (step === 0) throw new SyntaxError('step must be > 0');
  return { form: 'slice', from: start, to: to === '' ? undefined : Number(to), by: step };
}

/** `@.type=="Ready"`; without an operator it asks whether there is something. */
function filterStep(text: string): Step {
  const match = /^([\s\S]*?)(==|!=|<=|>=|<|>)([\s\S]*)$/.exec(text);
  if (match === null) return { form: 'filter', left: filterTerm(text), operator: 'exists' };
  const operator = match[2] as '==';
  return { form: 'filter', left: filterTerm(match[1]!), operator, right: filterTerm(match[3]!) };
}

function filterTerm(text: string): FilterTerm {
  const trimmed = text.trim();
  const quoted = /^(?:'([\s\S]*)'|"([\s\S]*)")$/.exec(trimmed);
  if (quoted !== null) return { value: (quoted[1] ?? quoted[2]!).replace(/\\(.)/g, '$1') };
  if (/^-?\d+(?:\.\d+)?$/.test(trimmed)) return { value: Number(trimmed) };
  if (trimmed === 'true' || trimmed === 'false') return { value: trimmed === 'true' };
  return { steps: new JsonPathParser(trimmed).parse() };
}

function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (quote !== '') {
      if (character === '\\') at++;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

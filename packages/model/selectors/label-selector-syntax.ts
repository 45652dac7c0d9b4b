/** The grammar of label selectors, and the messages for what does not follow it. */
import { qualifiedNameProblems } from '../metadata/names.ts';
import type { LabelOperator, LabelRequirement } from './label-selector.ts';
import { SelectorError } from './selector-error.ts';

type TokenKind = 'identifier' | 'in' | 'notin' | '=' | '==' | '!=' | '!' | '>' | '<' | '(' | ')' | ',' | 'end';

interface Token {
  kind: TokenKind;
  text: string;
}

const OPERATORS = 'in, notin, =, ==, !=, gt, lt';
const SPACE = /[ \t\r\n]/;
const SPECIAL = /[=!(),><]/;
const SYMBOLS = new Set(['=', '==', '!=', '!', '>', '<', '(', ')', ',']);

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at]!;
    if (SPACE.test(character)) {
      at += 1;
      continue;
    }
    let end = at + 1;
    if (SPECIAL.test(character)) {
      // Symbols are read greedily: `==` and `!=` are one token.
      if (SYMBOLS.has(text.slice(at, at + 2)) && at + 2 <= text.length) end = at + 2;
      const symbol = text.slice(at, end);
      tokens.push({ kind: symbol as TokenKind, text: symbol });
    } else {
      while (end < text.length && !SPECIAL.test(text[end]!) && !SPACE.test(text[end]!)) end += 1;
      const word = text.slice(at, end);
      tokens.push({ kind: word === 'in' || word === 'notin' ? word : 'identifier', text: word });
    }
    at = end;
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}

class Reader {
  readonly #tokens: Token[];
  #at = 0;

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  /** The next token; where a value or key is expected `in` and `notin` are words like any other. */
  peek(asWord: boolean): Token {
    const token = this.#tokens[Math.min(this.#at, this.#tokens.length - 1)]!;
    if (asWord && (token.kind === 'in' || token.kind === 'notin')) return { kind: 'identifier', text: token.text };
    return token;
  }

  take(asWord: boolean): Token {
    const token = this.peek(asWord);
    this.#at += 1;
    return token;
  }
}

/** @throws SelectorError */
export function parseRequirements(text: string): LabelRequirement[] {
  const reader = new Reader(tokenize(text));
  const requirements: LabelRequirement[] = [];
  for (;;) {
    const token = reader.peek(true);
    if (token.kind === 'end') return requirements;
    if (token.kind !== 'identifier' && token.kind !== '!') {
      throw new SelectorError(`found '${token.text}', expected: !, identifier, or 'end of string'`);
    }
    requirements.push(parseRequirement(reader));
    const next = reader.take(true);
    if (next.kind === 'end') return requirements;
    if (next.kind !== ',') throw new SelectorError(`found '${next.text}', expected: ',' or 'end of string'`);
    const after = reader.peek(true);
    if (after.kind !== 'identifier' && after.kind !== '!') {
      throw new SelectorError(`found '${after.text}', expected: identifier after ','`);
    }
  }
}

function refuse(text: string): never {
  throw new SelectorError(`unable to parse requirement: ${text}`);
}

function parseRequirement(reader: Reader): LabelRequirement {
  let token = reader.take(true);
  const absent = token.kind === '!';
  if (absent) token = reader.take(true);
  if (token.kind !== 'identifier') refuse(`found '${token.text}', expected: identifier`);
  const key = token.text;
  const problems = qualifiedNameProblems(key);
  // The path of a key in a text is none, which upstream prints as it is.
  if (problems.length > 0) refuse(`<nil>: Invalid value: ${JSON.stringify(key)}: ${problems.join('; ')}`);
  if (absent) return { key, operator: '!', values: [] };
  const following = reader.peek(true);
  if (following.kind === 'end' || following.kind === ',') {
    const word = reader.peek(false);
    if (word.kind === 'end' || word.kind === ',') return { key, operator: 'exists', values: [] };
  }
  const operator = parseOperator(reader);
  return operator === 'in' || operator === 'notin'
    ? { key, operator, values: parseValues(reader) }
    : { key, operator, values: [parseExactValue(reader)] };
}

function parseOperator(reader: Reader): LabelOperator {
  const token = reader.take(false);
  switch (token.kind) {
    case 'in':
    case 'notin':
    case '=':
    case '==':
    case '!=':
      return token.kind;
    case '>':
      return 'gt';
    case '<':
      return 'lt';
    default:
      return refuse(`found '${token.text}', expected: ${OPERATORS}`);
  }
}

function parseExactValue(reader: Reader): string {
  const token = reader.peek(true);
  if (token.kind === 'end' || token.kind === ',') return '';
  if (token.kind !== 'identifier') refuse(`found '${token.text}', expected: identifier`);
  return reader.take(true).text;
}

/** `(a,b,)`: an empty place between commas is the empty value. */
function parseValues(reader: Reader): string[] {
  const open = reader.take(true);
  if (open.kind !== '(') refuse(`found '${open.text}' expected: '('`);
  const first = reader.peek(true);
  if (first.kind === ')') {
    reader.take(true);
    return [];
  }
  if (first.kind !== 'identifier' && first.kind !== ',') {
    refuse(`found '${first.text}', expected: ',', ')' or identifier`);
  }
  const values = new Set<string>();
  let current = '';
  let named = false;
  for (;;) {
    const token = reader.take(true);
    if (token.kind === 'identifier' && !named) {
      current = token.text;
      named = true;
    } else if (token.kind === ',' || token.kind === ')') {
      values.add(current);
      current = '';
      named = false;
      if (token.kind === ')') return [...values].sort();
    } else {
      refuse(`found '${token.text}', expected: ${named ? "',' or ')'" : "',', or ')'"}`);
    }
  }
}

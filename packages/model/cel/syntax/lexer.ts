import type { SourceErrors } from './source-error.ts';

/** The kinds of token, named as the grammar's messages name them. */
export type TokenKind =
  | 'IDENTIFIER'
  | 'ESC_IDENTIFIER'
  | 'NUM_INT'
  | 'NUM_UINT'
  | 'NUM_FLOAT'
  | 'STRING'
  | 'BYTES'
  | 'EOF'
  /** Operators, brackets and the words `true`, `false`, `null`, `in`: `text` says which. */
  | 'SIGN';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** In UTF-16 units. */
  readonly offset: number;
}

const space = /[\t \r\n\f]+|\/\/[^\n]*/y;
const number =
  /(?:[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)|(?:0x[0-9a-fA-F]+|[0-9]+)[uU]?/y;
const identifier = /[A-Za-z_][A-Za-z0-9_]*/y;
const escapedIdentifier = /`[A-Za-z0-9_.\-/ ]+`/y;
const sign = /==|!=|<=|>=|&&|\|\||[<>[\]{}().,\-!?:+*/%]/y;
const stringStart = /[bB]?[rR]?(?:"""|'''|"|')/y;
const escapeSequence = /\\(?:[abfnrtv"'\\?`]|[0-3][0-7][0-7]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/y;
const words = new Set(['true', 'false', 'null', 'in']);

function match(expression: RegExp, text: string, at: number): string | undefined {
  expression.lastIndex = at;
  return expression.exec(text)?.[0];
}

/** The end of the string that starts at `at`, or how far it could be read, negated, when it is none. */
function endOfString(text: string, at: number, start: string): number {
  const raw = /[rR]/.test(start);
  const quote = start.replace(/^[bBrR]+/, '');
  let position = at + start.length;
  while (position < text.length) {
    if (text.startsWith(quote, position)) return position + quote.length;
    const character = text[position]!;
    if (character === '\\' && !raw) {
      const sequence = match(escapeSequence, text, position);
      if (sequence === undefined) return -(position + (position + 1 < text.length ? 2 : 1));
      position += sequence.length;
    } else if (quote.length === 1 && (character === '\n' || character === '\r')) return -(position + 1);
    else position += 1;
  }
  return -position;
}

function stringToken(text: string, at: number, start: string): { token?: Token; end: number } {
  let opening = start;
  let end = endOfString(text, at, opening);
  // `""` followed by anything but a third quote is the empty string; three quotes that never close are that and a rest.
  if (end < 0 && opening.length >= 3 && /("""|''')$/.test(opening)) {
    opening = opening.slice(0, -2);
    end = endOfString(text, at, opening);
  }
  if (end < 0) return { end: -end };
  const kind = /^[bB]/.test(opening) ? 'BYTES' : 'STRING';
  return { token: { kind, text: text.slice(at, end), offset: at }, end };
}

function wordOrSign(text: string, at: number): Token | undefined {
  const numeral = match(number, text, at);
  if (numeral !== undefined) {
    const float = !numeral.startsWith('0x') && /[.eE]/.test(numeral);
    const kind = float ? 'NUM_FLOAT' : /[uU]$/.test(numeral) ? 'NUM_UINT' : 'NUM_INT';
    return { kind, text: numeral, offset: at };
  }
  const word = match(identifier, text, at);
  if (word !== undefined) return { kind: words.has(word) ? 'SIGN' : 'IDENTIFIER', text: word, offset: at };
  const escaped = match(escapedIdentifier, text, at);
  if (escaped !== undefined) return { kind: 'ESC_IDENTIFIER', text: escaped, offset: at };
  const operator = match(sign, text, at);
  return operator === undefined ? undefined : { kind: 'SIGN', text: operator, offset: at };
}

function badCharacters(text: string, at: number): string {
  const first = String.fromCodePoint(text.codePointAt(at)!);
  // A lone `|`, `&` or `=` is read together with what follows it, as the generated lexer does.
  const pair = first === '|' || first === '&' || first === '=';
  return pair && at + 1 < text.length ? first + String.fromCodePoint(text.codePointAt(at + 1)!) : first;
}

/** The tokens of a text, EOF last. What is no token is reported and left out. */
export function tokenize(text: string, errors: SourceErrors): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const skipped = match(space, text, at);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    const start = match(stringStart, text, at);
    if (start !== undefined) {
      const { token, end } = stringToken(text, at, start);
      if (token === undefined)
        errors.report(at, `Syntax error: token recognition error at: '${text.slice(at, end).replaceAll('\n', '\\n')}'`);
      else tokens.push(token);
      at = end;
      continue;
    }
    const token = wordOrSign(text, at);
    if (token === undefined) {
      const bad = badCharacters(text, at);
      errors.report(at, `Syntax error: token recognition error at: '${bad}'`);
      at += bad.length;
    } else {
      tokens.push(token);
      at += token.text.length;
    }
  }
  tokens.push({ kind: 'EOF', text: '<EOF>', offset: text.length });
  return tokens;
}

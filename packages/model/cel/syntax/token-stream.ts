import type { Token } from './lexer.ts';
import type { SourceErrors } from './source-error.ts';

/** Thrown inside the parser when it cannot go on; what is wrong has been reported. */
export class ParseStop extends Error {}

const literalStart = ['true', 'false', 'null'];
const named = ['NUM_FLOAT', 'NUM_INT', 'NUM_UINT', 'STRING', 'BYTES', 'IDENTIFIER'];
/** In the order of the grammar's tokens, which is the order of the messages. */
const order = ['[', ']', '{', '}', '(', ')', '.', ',', '-', '!', '?', ...literalStart];
const startSigns = new Set(['[', '{', '(', '.', '-', '!', ...literalStart]);
const closingFollow = new Set(['==', '!=', 'in', '<', '<=', '>=', '>', '&&', '||', '[', ']', '}', ')', '.', ',', '-']);
for (const sign of ['?', ':', '+', '*', '/', '%']) closingFollow.add(sign);

/** The tokens that can start an expression, and more signs, as messages list them. */
export function expectedSet(...more: string[]): string {
  const signs = order.filter((sign) => startSigns.has(sign) || more.includes(sign)).map((sign) => `'${sign}'`);
  return `{${[...signs, ...named].join(', ')}}`;
}

/** Reads tokens with the messages of the generated parser of cel-go where one is not what the grammar expects. */
export class TokenStream {
  private readonly tokens: readonly Token[];
  private readonly errors: SourceErrors;
  private position = 0;

  constructor(tokens: readonly Token[], errors: SourceErrors) {
    this.tokens = tokens;
    this.errors = errors;
  }

  get current(): Token {
    return this.tokens[this.position]!;
  }

  peek(distance: number): Token {
    return this.tokens[Math.min(this.position + distance, this.tokens.length - 1)]!;
  }

  next(): Token {
    const token = this.current;
    if (this.position < this.tokens.length - 1) this.position += 1;
    return token;
  }

  isSign(text: string, distance = 0): boolean {
    const token = this.peek(distance);
    return token.kind === 'SIGN' && token.text === text;
  }

  /** Takes the sign when it is the next token. */
  accept(text: string): Token | undefined {
    return this.isSign(text) ? this.next() : undefined;
  }

  startsExpression(distance = 0): boolean {
    const token = this.peek(distance);
    if (token.kind === 'SIGN') return startSigns.has(token.text);
    return token.kind !== 'EOF' && token.kind !== 'ESC_IDENTIFIER';
  }

  report(token: Token, message: string): void {
    this.errors.report(token.offset, `Syntax error: ${message}`);
  }

  fail(token: Token, message: string): never {
    this.report(token, message);
    throw new ParseStop();
  }

  /** Makes sure that an expression starts here; one token too many is reported and left out. */
  requireExpression(...alsoExpected: string[]): void {
    if (this.startsExpression() || alsoExpected.some((sign) => this.isSign(sign))) return;
    const expected = expectedSet(...alsoExpected);
    const token = this.next();
    if (token.kind === 'EOF') this.fail(token, `mismatched input '<EOF>' expecting ${expected}`);
    if (this.startsExpression()) {
      this.report(token, `extraneous input '${token.text}' expecting ${expected}`);
      return;
    }
    this.report(token, `mismatched input '${token.text}' expecting ${expected}`);
    if (this.current.kind === 'EOF') this.report(this.current, `mismatched input '<EOF>' expecting ${expected}`);
    throw new ParseStop();
  }

  /** Takes a closing sign or a colon. */
  expect(text: string): Token {
    if (this.isSign(text)) return this.next();
    const token = this.current;
    if (this.isSign(text, 1)) {
      this.report(token, `extraneous input '${token.text}' expecting '${text}'`);
      this.next();
      return this.next();
    }
    const follows = token.kind === 'EOF' || (token.kind === 'SIGN' && closingFollow.has(token.text));
    if (text !== ':' && follows) this.fail(token, `missing '${text}' at '${token.text}'`);
    return this.fail(token, `mismatched input '${token.text}' expecting '${text}'`);
  }

  expectEnd(): void {
    const token = this.current;
    if (token.kind === 'EOF') return;
    const how = this.peek(1).kind === 'EOF' ? 'extraneous' : 'mismatched';
    this.fail(token, `${how} input '${token.text}' expecting <EOF>`);
  }
}

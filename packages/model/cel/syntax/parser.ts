import { type Entry, type Expression, type FieldInitializer, operators } from './expression.ts';
import { tokenize } from './lexer.ts';
import { LiteralError, numeralValue, textValue } from './literals.ts';
import { expandMacro, type MacroOptions } from './macros.ts';
import type { SourceErrors } from './source-error.ts';
import { ParseStop, TokenStream } from './token-stream.ts';

/** Deeper expressions are refused (cel-go's limit). */
const maxDepth = 250;
/** Longer texts are refused, in code points (cel-go's limit). */
const maxCodePoints = 100_000;

const reserved = new Set(
  'as break const continue else false for function if import in let loop package namespace null return true var void while'.split(
    ' ',
  ),
);
const binaryNames: Readonly<Record<string, string>> = {
  '==': '_==_',
  '!=': '_!=_',
  '<': '_<_',
  '<=': '_<=_',
  '>': '_>_',
  '>=': '_>=_',
  in: '@in',
  '+': '_+_',
  '-': '_-_',
  '*': '_*_',
  '/': '_/_',
  '%': '_%_',
};
const relations = ['==', '!=', '<', '<=', '>', '>=', 'in'];

/** The grammar of CEL (cel-go's CEL.g4) by recursive descent; macros are expanded as they are met. */
class Parser {
  private readonly tokens: TokenStream;
  private readonly errors: SourceErrors;
  private readonly options: MacroOptions;
  private readonly depths = new Map<Expression, number>();
  private nesting = 0;

  constructor(text: string, errors: SourceErrors, options: MacroOptions) {
    this.errors = errors;
    this.options = options;
    this.tokens = new TokenStream(tokenize(text, errors), errors);
  }

  parse(): Expression {
    const expression = this.expression();
    this.tokens.expectEnd();
    return expression;
  }

  private problem(offset: number, message: string): Expression {
    this.errors.report(offset, message);
    return { kind: 'literal', value: null, offset };
  }

  /** Notes how deep the tree is below a node; a chain of operators is as deep as it is long. */
  private made(node: Expression, ...children: readonly (Expression | undefined)[]): Expression {
    let depth = 0;
    for (const child of children) if (child !== undefined) depth = Math.max(depth, this.depths.get(child) ?? 0);
    if (depth + 1 > maxDepth) {
      this.errors.report(undefined, 'max recursion depth exceeded');
      throw new ParseStop();
    }
    this.depths.set(node, depth + 1);
    return node;
  }

  private call(offset: number, name: string, ...parts: Expression[]): Expression {
    return this.made({ kind: 'call', name, arguments: parts, offset }, ...parts);
  }

  private expression(...alsoExpected: string[]): Expression {
    this.nesting += 1;
    if (this.nesting > maxDepth) {
      this.errors.report(undefined, `expression recursion limit exceeded: ${maxDepth}`);
      throw new ParseStop();
    }
    this.tokens.requireExpression(...alsoExpected);
    const condition = this.logical('||', operators.or, () => this.logical('&&', operators.and, () => this.relation()));
    let result = condition;
    const question = this.tokens.accept('?');
    if (question !== undefined) {
      this.tokens.requireExpression();
      const whenTrue = this.logical('||', operators.or, () => this.logical('&&', operators.and, () => this.relation()));
      this.tokens.expect(':');
      result = this.call(question.offset, operators.conditional, condition, whenTrue, this.expression());
    }
    this.nesting -= 1;
    return result;
  }

  private logical(sign: string, name: string, term: () => Expression): Expression {
    const terms = [term()];
    const offsets: number[] = [];
    for (let token = this.tokens.accept(sign); token !== undefined; token = this.tokens.accept(sign)) {
      offsets.push(token.offset);
      this.tokens.requireExpression();
      terms.push(term());
    }
    return this.balanced(terms, offsets, name, 0, offsets.length - 1);
  }

  /** A chain of && or || as a balanced tree, so that it is not deep. */
  private balanced(terms: Expression[], offsets: number[], name: string, low: number, high: number): Expression {
    if (low > high) return terms[low]!;
    const middle = Math.floor((low + high + 1) / 2);
    const left = this.balanced(terms, offsets, name, low, middle - 1);
    const right = this.balanced(terms, offsets, name, middle + 1, high);
    return this.call(offsets[middle]!, name, left, right);
  }

  private binary(signs: readonly string[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const sign = signs.find((each) => this.tokens.isSign(each));
      if (sign === undefined) return left;
      const { offset } = this.tokens.next();
      this.tokens.requireExpression();
      left = this.call(offset, binaryNames[sign]!, left, operand());
    }
  }

  private relation(): Expression {
    return this.binary(relations, () =>
      this.binary(['+', '-'], () => this.binary(['*', '/', '%'], () => this.unary())),
    );
  }

  private unary(): Expression {
    const sign = this.tokens.isSign('!') ? '!' : this.tokens.isSign('-') ? '-' : undefined;
    const negativeLiteral = sign === '-' && /^NUM_(INT|FLOAT)$/.test(this.tokens.peek(1).kind);
    if (sign === undefined || negativeLiteral) return this.member();
    const first = this.tokens.current;
    let count = 0;
    while (this.tokens.accept(sign) !== undefined) count += 1;
    if (!this.tokens.startsExpression()) {
      const { current } = this.tokens;
      if (count > 1)
        this.tokens.report(
          current,
          `no viable alternative at input '${sign}${current.kind === 'EOF' ? '' : current.text}'`,
        );
      this.tokens.requireExpression();
    }
    const operand = this.member();
    if (count % 2 === 0) return operand;
    return this.call(first.offset, sign === '!' ? operators.not : operators.negate, operand);
  }

  private member(): Expression {
    let operand = this.primary();
    for (;;) {
      const dot = this.tokens.accept('.');
      if (dot !== undefined) {
        operand = this.selection(operand, dot.offset);
        continue;
      }
      const bracket = this.tokens.accept('[');
      if (bracket === undefined) return operand;
      const optional = this.optionalSign();
      const index = this.expression();
      this.tokens.expect(']');
      const name = optional ? operators.optionalIndex : operators.index;
      operand = this.call(bracket.offset, name, operand, index);
    }
  }

  /** Takes the `?` of optional syntax where it may stand. */
  private optionalSign(): boolean {
    const question = this.tokens.accept('?');
    if (question !== undefined && !this.options.optional) this.errors.report(question.offset, "unsupported syntax '?'");
    return question !== undefined;
  }

  private selection(operand: Expression, offset: number): Expression {
    const question = this.tokens.accept('?');
    if (question !== undefined && !this.options.optional) this.errors.report(offset, "unsupported syntax '.?'");
    const name = this.tokens.current;
    if (name.kind === 'ESC_IDENTIFIER') this.errors.report(name.offset, "unsupported syntax: '`'");
    else if (name.kind !== 'IDENTIFIER') {
      this.tokens.fail(name, `no viable alternative at input '.${name.kind === 'EOF' ? '' : name.text}'`);
    }
    this.tokens.next();
    if (question !== undefined) {
      const field: Expression = { kind: 'literal', value: name.text, offset: name.offset };
      return this.call(offset, operators.optionalSelect, operand, field);
    }
    const open = name.kind === 'IDENTIFIER' ? this.tokens.accept('(') : undefined;
    if (open !== undefined) return this.invocation(name.text, operand, open.offset);
    return this.made({ kind: 'select', operand, field: name.text, test: false, offset }, operand);
  }

  private invocation(name: string, target: Expression | undefined, offset: number): Expression {
    const parts: Expression[] = [];
    if (this.tokens.accept(')') === undefined) {
      parts.push(this.expression(')'));
      while (this.tokens.accept(',') !== undefined) parts.push(this.expression());
      this.tokens.expect(')');
    }
    const expanded = expandMacro({ name, target, parts, offset }, this.options, this.errors);
    if (expanded !== undefined) return this.made(expanded, target, ...parts);
    const node: Expression = {
      kind: 'call',
      name,
      arguments: parts,
      offset,
      ...(target === undefined ? {} : { target }),
    };
    return this.made(node, target, ...parts);
  }

  private primary(): Expression {
    const token = this.tokens.current;
    if (token.kind === 'IDENTIFIER' || this.tokens.isSign('.')) return this.name();
    if (this.tokens.accept('(') !== undefined) {
      const inner = this.expression();
      this.tokens.expect(')');
      return inner;
    }
    if (this.tokens.accept('[') !== undefined) return this.list(token.offset);
    if (this.tokens.accept('{') !== undefined) return this.map(token.offset);
    return this.literal();
  }

  private literal(): Expression {
    const negative = this.tokens.accept('-');
    const { current } = this.tokens;
    const known = current.kind !== 'SIGN' || ['true', 'false', 'null'].includes(current.text);
    if (!known || (negative !== undefined && !/^NUM_(INT|FLOAT)$/.test(current.kind))) {
      const input = `${negative?.text ?? ''}${current.kind === 'EOF' ? '' : current.text}`;
      this.tokens.fail(current, `no viable alternative at input '${input}'`);
    }
    const token = this.tokens.next();
    const offset = (negative ?? token).offset;
    try {
      if (token.kind === 'SIGN') {
        const value = token.text === 'null' ? null : token.text === 'true';
        return this.made({ kind: 'literal', value, offset });
      }
      const text = token.kind === 'STRING' || token.kind === 'BYTES';
      const value = text ? textValue(token) : numeralValue(token, negative !== undefined);
      return this.made({ kind: 'literal', value, offset });
    } catch (error) {
      if (!(error instanceof LiteralError)) throw error;
      return this.problem(offset, error.message);
    }
  }

  private name(): Expression {
    const dot = this.tokens.accept('.');
    const token = this.tokens.current;
    if (token.kind !== 'IDENTIFIER') {
      this.tokens.fail(token, `no viable alternative at input '.${token.kind === 'EOF' ? '' : token.text}'`);
    }
    const struct = this.structName();
    const prefix = dot === undefined ? '' : '.';
    if (struct !== undefined) return this.struct(prefix + struct);
    this.tokens.next();
    const offset = (dot ?? token).offset;
    if (reserved.has(token.text)) return this.afterReserved(this.problem(offset, `reserved identifier: ${token.text}`));
    const open = this.tokens.accept('(');
    if (open !== undefined) return this.invocation(prefix + token.text, undefined, open.offset);
    return this.made({ kind: 'identifier', name: prefix + token.text, offset: token.offset });
  }

  private afterReserved(node: Expression): Expression {
    if (this.tokens.accept('(') === undefined) return node;
    if (this.tokens.accept(')') !== undefined) return node;
    this.expression(')');
    while (this.tokens.accept(',') !== undefined) this.expression();
    this.tokens.expect(')');
    return node;
  }

  /** The dotted name when a struct's braces follow it. */
  private structName(): string | undefined {
    let distance = 0;
    let name = this.tokens.peek(0).text;
    while (this.tokens.isSign('.', distance + 1) && this.tokens.peek(distance + 2).kind === 'IDENTIFIER') {
      name += `.${this.tokens.peek(distance + 2).text}`;
      distance += 2;
    }
    if (!this.tokens.isSign('{', distance + 1)) return undefined;
    for (let count = 0; count <= distance; count += 1) this.tokens.next();
    return name;
  }

  private struct(name: string): Expression {
    const { offset } = this.tokens.next();
    const fields: FieldInitializer[] = [];
    while (!this.tokens.isSign('}')) {
      const optional = this.optionalSign();
      const field = this.tokens.current;
      if (field.kind !== 'IDENTIFIER') {
        this.tokens.fail(
          field,
          `mismatched input '${field.text}' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}`,
        );
      }
      this.tokens.next();
      const colon = this.tokens.expect(':');
      fields.push({ name: field.text, value: this.expression(), optional, offset: colon.offset });
      if (this.tokens.accept(',') === undefined) break;
    }
    this.tokens.expect('}');
    return this.made({ kind: 'struct', name, fields, offset }, ...fields.map((field) => field.value));
  }

  private list(offset: number): Expression {
    const elements: Expression[] = [];
    const optional = new Set<number>();
    while (!this.tokens.isSign(']')) {
      if (this.tokens.accept(',') !== undefined) break;
      if (elements.length === 0) this.tokens.requireExpression(']', ',', '?');
      if (this.optionalSign()) optional.add(elements.length);
      elements.push(this.expression());
      if (this.tokens.accept(',') === undefined) break;
    }
    this.tokens.expect(']');
    return this.made({ kind: 'list', elements, optional, offset }, ...elements);
  }

  private map(offset: number): Expression {
    const entries: Entry[] = [];
    while (!this.tokens.isSign('}')) {
      if (this.tokens.accept(',') !== undefined) break;
      if (entries.length === 0) this.tokens.requireExpression('}', ',', '?');
      const optional = this.optionalSign();
      const key = this.expression();
      const colon = this.tokens.expect(':');
      entries.push({ key, value: this.expression(), optional, offset: colon.offset });
      if (this.tokens.accept(',') === undefined) break;
    }
    this.tokens.expect('}');
    return this.made({ kind: 'map', entries, offset }, ...entries.flatMap((entry) => [entry.key, entry.value]));
  }
}

/** Parses an expression; undefined when it is none, and `errors` says why. */
export function parseExpression(text: string, errors: SourceErrors, options: MacroOptions): Expression | undefined {
  if (text.length > maxCodePoints) {
    const size = [...text.slice(0, 4 * maxCodePoints)].length;
    if (size > maxCodePoints) {
      errors.report(undefined, `expression code point size exceeds limit: size: ${size}, limit ${maxCodePoints}`);
      return undefined;
    }
  }
  try {
    const expression = new Parser(text, errors, options).parse();
    return errors.any ? undefined : expression;
  } catch (error) {
    if (error instanceof ParseStop) return undefined;
    throw error;
  }
}

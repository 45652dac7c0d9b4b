import { type FieldError, invalid } from '@keelson/model';
import {
  boolType,
  CelCompileError,
  CelEvaluationError,
  type CelProgram,
  type CompileExpression,
  dynType,
  listType,
  mapType,
  objectType,
  stringType,
} from '@keelson/model/cel/index.ts';
import type { UserInfo } from '../contract.ts';

/** Compiles the expressions of one configuration, and gathers what is wrong with them. */
export class ExpressionCompiler {
  readonly #compile: CompileExpression;
  readonly #minor: number;
  readonly errors: FieldError[] = [];

  constructor(compile: CompileExpression, minor: number) {
    this.#compile = compile;
    this.#minor = minor;
  }

  /** An expression over `claims`; a boolean, or what is looked at when it is there: text or a list of texts. */
  claims(field: string, text: string, result: 'bool' | 'texts'): CelProgram | undefined {
    const variables = { claims: mapType(stringType, dynType) };
    return this.#compiled(field, text, variables, result === 'bool' ? boolType : undefined);
  }

  /** A boolean expression over `user`. */
  user(field: string, text: string): CelProgram | undefined {
    return this.#compiled(field, text, { user: userType }, boolType);
  }

  #compiled(
    field: string,
    text: string,
    variables: Parameters<CompileExpression>[1]['variables'],
    expected: Parameters<CompileExpression>[2],
  ): CelProgram | undefined {
    try {
      return this.#compile(text, { minor: this.#minor, variables, stored: true }, expected);
    } catch (error) {
      if (!(error instanceof CelCompileError)) throw error;
      const detail = error.resultType === undefined ? `compilation failed: ${error.message}` : error.message;
      this.errors.push(invalid(field, text, detail));
      return undefined;
    }
  }
}

/** authentication.k8s.io/v1 UserInfo. */
const userType = objectType('kubernetes.UserInfo', (name) => {
  switch (name) {
    case 'username':
    case 'uid':
      return stringType;
    case 'groups':
      return listType(stringType);
    case 'extra':
      return mapType(stringType, listType(stringType));
    default:
      return undefined;
  }
});

/** What an expression over a user sees. */
export function userValue({ name, uid = '', groups, extra = {} }: UserInfo): Record<string, unknown> {
  return { username: name, uid, groups: [...groups], extra };
}

/** The value of an expression. @throws Error that says which of them failed, and why */
export function evaluated(program: CelProgram, bindings: Record<string, unknown>, what: string): unknown {
  try {
    return program.evaluate(bindings).value;
  } catch (error) {
    if (!(error instanceof CelEvaluationError)) throw error;
    throw new Error(`${what}: expression '${program.text}' resulted in error: ${error.message}`);
  }
}

/** Text, a list of texts, or nothing: what mappings to groups and extra values may give. @throws Error */
export function textsOf(value: unknown, what: string): string[] {
  if (value === null || value === undefined || value === '') return [];
  if (typeof value === 'string') return [value];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw new Error(`${what}: expression must return a string or a list of strings`);
}

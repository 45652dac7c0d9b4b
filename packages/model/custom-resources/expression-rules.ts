import { newestMinor } from '../catalogue/minors.ts';
import {
  boolType,
  CelCompileError,
  type CelProgram,
  type CelType,
  compile,
  optionalType,
  stringType,
} from '../cel/index.ts';
import type { JSONSchemaProps, ValidationRule } from '../generated/types/apiextensions-v1.ts';
import { followSchemaPath } from './schema-path.ts';

/** One rule of x-kubernetes-validations, compiled. */
export interface CompiledRule {
  readonly rule: ValidationRule;
  /** Absent when the rule does not compile; then `problem` says why. */
  readonly program?: CelProgram;
  readonly problem?: string;
  readonly message?: CelProgram;
  readonly messageProblem?: string;
  /** It looks at what was there before. */
  readonly transition: boolean;
  /** Where its failure is shown, from the value on; empty: at the value itself. */
  readonly fieldPath: string;
}

/** Tells which expressions were stored before: they may use all that this version knows. */
export type IsStored = (expression: string) => boolean;

/** Compiles the rules of one schema, not of those in it. @param type of its values */
export function compileRules(schema: JSONSchemaProps, type: CelType, isStored: IsStored): CompiledRule[] {
  return (schema['x-kubernetes-validations'] ?? []).map((rule) => compileRule(rule, schema, type, isStored));
}

function compileRule(rule: ValidationRule, schema: JSONSchemaProps, type: CelType, isStored: IsStored): CompiledRule {
  const oldSelf = rule.optionalOldSelf === true ? optionalType(type) : type;
  const variables = { self: type, oldSelf };
  const compiled = (text: string, expected: CelType) =>
    compile(text, { minor: newestMinor, stored: isStored(text), variables }, expected);
  const fieldPath = pathOf(rule, schema);
  let program: CelProgram;
  try {
    program = compiled(rule.rule, boolType);
  } catch (error) {
    const problem = problemOf(error, 'compilation failed: ', 'cel expression must evaluate to a bool');
    return { rule, problem, transition: false, fieldPath };
  }
  const transition = program.variables.has('oldSelf');
  if (!rule.messageExpression) return { rule, program, transition, fieldPath };
  try {
    return { rule, program, transition, fieldPath, message: compiled(rule.messageExpression, stringType) };
  } catch (error) {
    const refusal = 'messageExpression must evaluate to a string';
    const messageProblem = problemOf(error, 'messageExpression compilation failed: ', refusal);
    return { rule, program, transition, fieldPath, messageProblem };
  }
}

function problemOf(error: unknown, prefix: string, wrongType: string): string {
  if (!(error instanceof CelCompileError)) throw error;
  return error.resultType === undefined ? `${prefix}${error.message}` : wrongType;
}

function pathOf({ fieldPath }: ValidationRule, schema: JSONSchemaProps): string {
  if (!fieldPath) return '';
  try {
    return followSchemaPath(fieldPath, schema, true).path;
  } catch {
    return '';
  }
}

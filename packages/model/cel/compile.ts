import { type CelType, celTypeText, sameCelType } from './cel-type.ts';
import { Checker } from './check/checker.ts';
import { Declarations } from './check/scope.ts';
import { TooComplex } from './check/unifier.ts';
import { validateLiterals } from './check/validators.ts';
import { CelCompileError, type CelEnvironment, type CelProgram } from './contract.ts';
import { PlanFailure } from './evaluate/planner.ts';
import { functionsOf } from './library/functions.ts';
import { Program } from './program.ts';
import { parseExpression } from './syntax/parser.ts';
import { SourceErrors } from './syntax/source-error.ts';

/** The minor whose features an expression may use. */
function effectiveMinor(environment: CelEnvironment): number {
  return environment.stored === true ? environment.minor : environment.minor - 1;
}

function requireType(actual: CelType, expected: CelType | readonly CelType[]): void {
  const wanted = 'kind' in expected ? [expected] : expected;
  if (wanted.some((type) => sameCelType(type, actual))) return;
  const texts = wanted.map(celTypeText);
  const list = texts.length === 1 ? texts[0] : `one of [${texts.join(' ')}]`;
  throw new CelCompileError(`must evaluate to ${list} but got ${celTypeText(actual)}`, [], actual);
}

/**
 * Compiles an expression.
 * @param expected the type that the result must be of, or one of several; without it any type will do. A result of type
 *   dyn is refused unless dyn is expected, as Kubernetes does it.
 * @throws CelCompileError
 */
export function compile(
  text: string,
  environment: CelEnvironment,
  expected?: CelType | readonly CelType[],
): CelProgram {
  const minor = effectiveMinor(environment);
  const errors = new SourceErrors(text);
  const optional = minor >= 28;
  const root = parseExpression(text, errors, { optional, twoVariables: minor >= 32, sortBy: minor >= 34 });
  if (root === undefined) throw errors.toError();
  const declarations = new Declarations(environment, functionsOf(minor, environment.patchTypes === true), optional);
  try {
    const checked = new Checker(declarations, errors).check(root);
    if (!errors.any && minor >= 29) validateLiterals(root, errors);
    if (errors.any) throw errors.toError();
    const resultType = checked.typeOf(root);
    if (expected !== undefined) requireType(resultType, expected);
    return new Program(text, environment, checked);
  } catch (error) {
    if (error instanceof PlanFailure) throw new CelCompileError(`program instantiation failed: ${error.message}`, []);
    if (!(error instanceof TooComplex)) throw error;
    errors.report(undefined, 'expression is too complex to be checked');
    throw errors.toError();
  }
}

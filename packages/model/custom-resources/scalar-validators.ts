import { isProperties } from '../codec/own-property.ts';
import type { JSONSchemaProps } from '../generated/types/apiextensions-v1.ts';
import { hasFormat, isKnownFormat } from './formats.ts';
import { sameJsonValue } from './json-equality.ts';
import { compilePattern } from './pattern.ts';
import type { SchemaProblem } from './schema-problem.ts';

/** The types of a schema; one of integer or string is written for x-kubernetes-int-or-string. */
function typesOf(props: JSONSchemaProps): readonly string[] {
  if (props['x-kubernetes-int-or-string'] === true) return intOrString;
  return props.type ? [props.type] : noTypes;
}

const intOrString: readonly string[] = ['integer', 'string'];
const noTypes: readonly string[] = [];

function schemaType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (isProperties(value)) return 'object';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function notOfType(path: string, wanted: string, found: string): SchemaProblem {
  const message = `${path} in body must be of type ${wanted}: ${JSON.stringify(found)}`;
  return { kind: 'type', name: path, message, value: found };
}

/** What is wrong with the type of a value. */
export function typeProblem(props: JSONSchemaProps, value: unknown, path: string): SchemaProblem | undefined {
  const types = typesOf(props);
  if (value === null) {
    if (types.length === 0 || props.nullable === true) return undefined;
    return notOfType(path, types.join(','), 'null');
  }
  // A format that means nothing for the type is as good as none.
  const format = props.format && isKnownFormat(props.format, types.length === 1 ? types[0]! : '') ? props.format : '';
  if (types.length === 0 && format === '') return undefined;
  const found = schemaType(value);
  const numeric = types.includes('number') || types.includes('integer');
  const fits = types.includes(found) || (found === 'integer' && types.includes('number'));
  const textual = found === 'string' || found === 'array';
  if (format !== '' && !textual && !fits) {
    const foundFormat = found === 'integer' ? 'int64' : found === 'number' ? 'float64' : '';
    return foundFormat === format ? undefined : notOfType(path, format, foundFormat);
  }
  if (format !== '' && textual && !numeric) return undefined;
  return fits ? undefined : notOfType(path, types.join(','), found);
}

/** What is wrong with a text: the first of length and pattern. */
export function stringProblem(props: JSONSchemaProps, value: string, path: string): SchemaProblem | undefined {
  const { maxLength, minLength, pattern } = props;
  if (maxLength !== undefined && value.length > maxLength && characters(value) > maxLength) {
    const message = `${path} in body should be at most ${maxLength} chars long`;
    return { kind: 'tooLong', name: path, message, value, limit: maxLength };
  }
  if (minLength !== undefined && characters(value) < minLength) {
    const message = `${path} in body should be at least ${minLength} chars long`;
    return { kind: 'other', name: path, message, value };
  }
  if (!pattern) return undefined;
  const problem = patternMismatch(pattern, value);
  if (problem === undefined) return undefined;
  return { kind: 'other', name: path, message: `${path} in body should match '${problem}'`, value };
}

function patternMismatch(pattern: string, value: string): string | undefined {
  try {
    return compilePattern(pattern).matches(value) ? undefined : pattern;
  } catch (error) {
    return `${pattern}, but pattern is invalid: ${(error as Error).message}`;
  }
}

function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

export function formatProblem(format: string, value: string, path: string): SchemaProblem | undefined {
  return hasFormat(format, value) ? undefined : notOfType(path, format, value);
}

/** What is wrong with the size of a number. */
export function numberProblems(props: JSONSchemaProps, value: number, path: string): SchemaProblem[] {
  const { multipleOf, maximum, minimum, exclusiveMaximum, exclusiveMinimum } = props;
  const whole = Number.isInteger(value);
  const shown = (limit: number) => (whole ? Math.trunc(limit) : limit);
  const problems: SchemaProblem[] = [];
  const refuse = (text: string) =>
    problems.push({ kind: 'other', name: path, message: `${path} in body ${text}`, value });
  if (multipleOf !== undefined) {
    const problem = multipleProblem(value, shown(multipleOf), path);
    if (problem !== undefined) problems.push(problem);
  }
  if (minimum !== undefined) {
    const limit = shown(minimum);
    if (exclusiveMinimum ? value <= limit : value < limit)
      refuse(`should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${limit}`);
  }
  if (maximum !== undefined) {
    const limit = shown(maximum);
    if (exclusiveMaximum ? value >= limit : value > limit)
      refuse(`should be less than ${exclusiveMaximum ? '' : 'or equal to '}${limit}`);
  }
  return problems;
}

function multipleProblem(value: number, factor: number, path: string): SchemaProblem | undefined {
  if (factor <= 0) {
    const message = `factor MultipleOf declared for ${path} must be positive: ${factor}`;
    return { kind: 'other', name: path, message, value: factor };
  }
  const quotient = factor < 1 ? (1 / factor) * value : value / factor;
  if (Math.abs(quotient - Math.round(quotient)) <= 1e-9 * Math.max(1, Math.abs(quotient))) return undefined;
  const message = `${path} in body should be a multiple of ${factor}`;
  return { kind: 'other', name: path, message, value };
}

/** What is wrong when only some values are allowed. Null is none of them, also when it stands among them. */
export function enumProblem(props: JSONSchemaProps, value: unknown, path: string): SchemaProblem | undefined {
  const values = props.enum;
  if (values === undefined || values.length === 0) return undefined;
  if (value !== null && values.some((each) => sameJsonValue(each, value))) return undefined;
  const message = `${path} in body should be one of [${values.map(String).join(' ')}]`;
  return { kind: 'enum', name: path, message, value, values };
}

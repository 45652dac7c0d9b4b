import { RE2JS } from 're2js';
import type { Meter } from '../evaluate/meter.ts';
import { ArrayList, CelFailure, type CelValue } from '../values/value.ts';
import { type Evaluation, type Overload, overload } from './declaration.ts';

/**
 * `matches`, `find` and `findAll` by RE2, whose time grows with the text's length only. Compiled patterns are kept, so
 * that a rule's own pattern is compiled once.
 */

/** Longer patterns are refused before they are compiled: compiling one takes time too. */
const longestPattern = 10_000;
/** Patterns that say more than this when their repetitions are written out are refused, as RE2 does. */
const largestProgram = 10_000;
/** As many compiled patterns are kept. */
const maxKept = 500;
/** About the nanoseconds that one character takes for each instruction of the pattern that may be active. */
const workPerStep = 4;

interface Pattern {
  readonly expression: RE2JS;
  readonly steps: number;
}

const kept = new Map<string, Pattern | CelFailure>();

function goMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.startsWith('error parsing regexp') ? text : `error parsing regexp: ${text}`;
}

/** About how many instructions a pattern becomes: what is repeated counts as often as it may be. */
function expandedSize(pattern: string): number {
  const outer: number[] = [];
  let total = 0;
  let last = 0;
  for (const [token] of pattern.matchAll(/\\.|\[(?:\\.|[^\]\\])*\]|\{\d+(?:,\d*)?\}|[()]|./gs)) {
    if (token === '(') {
      outer.push(total);
      [total, last] = [0, 0];
    } else if (token === ')') {
      last = total + 1;
      total = (outer.pop() ?? 0) + last;
    } else if (/^\{\d/.test(token) && token.endsWith('}')) {
      const times = Math.max(1, ...(token.match(/\d+/g) ?? []).map(Number));
      total += last * (times - 1);
      last *= times;
    } else {
      last = token.length > 2 ? 4 : 1;
      total += last;
    }
  }
  return total;
}

function compile(pattern: string): Pattern | CelFailure {
  if (pattern.length > longestPattern || expandedSize(pattern) > largestProgram)
    return new CelFailure('error parsing regexp: expression too large');
  try {
    const expression = RE2JS.compile(pattern);
    return { expression, steps: expression.programSize() };
  } catch (error) {
    return new CelFailure(goMessage(error));
  }
}

/** A pattern ready for use; a CelFailure with Go's message for what is none. */
export function compiledPattern(pattern: string): Pattern | CelFailure {
  let found = kept.get(pattern);
  if (found === undefined) {
    found = compile(pattern);
    if (kept.size >= maxKept) kept.delete(kept.keys().next().value!);
    kept.set(pattern, found);
  }
  return found;
}

function prepared(pattern: string, text: string, meter: Meter): Pattern | CelFailure {
  meter.work(200 + (kept.has(pattern) ? 0 : 500 * pattern.length));
  const compiled = compiledPattern(pattern);
  if (!(compiled instanceof CelFailure)) meter.work(text.length * (20 + workPerStep * compiled.steps));
  return compiled;
}

export function matches([text, pattern]: readonly CelValue[], { meter }: Evaluation): CelValue {
  const compiled = prepared(pattern as string, text as string, meter);
  return compiled instanceof CelFailure ? compiled : compiled.expression.test(text as string);
}

function find([text, pattern]: readonly CelValue[], { meter }: Evaluation): CelValue {
  const compiled = prepared(pattern as string, text as string, meter);
  if (compiled instanceof CelFailure) return new CelFailure(`Illegal regex: ${compiled.message}`);
  const matcher = compiled.expression.matcher(text as string);
  return matcher.find() ? (matcher.group() ?? '') : '';
}

function findAll([text, pattern, limit]: readonly CelValue[], { meter }: Evaluation): CelValue {
  const compiled = prepared(pattern as string, text as string, meter);
  if (compiled instanceof CelFailure) return new CelFailure(`Illegal regex: ${compiled.message}`);
  const most = limit === undefined || (limit as bigint) < 0n ? Number.POSITIVE_INFINITY : Number(limit);
  const matcher = compiled.expression.matcher(text as string);
  const found: CelValue[] = [];
  while (found.length < most && matcher.find()) {
    meter.work(500);
    found.push(matcher.group() ?? '');
  }
  return new ArrayList(found);
}

export const regexOverloads: readonly Overload[] = [
  overload('string_find_string', '(string).find(string) -> string', find),
  overload('string_find_all_string', '(string).findAll(string) -> list<string>', findAll),
  overload('string_find_all_string_int', '(string).findAll(string, int) -> list<string>', findAll),
];

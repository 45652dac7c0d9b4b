import { compiledPattern } from '../library/regex.ts';
import type { Expression } from '../syntax/expression.ts';
import type { SourceErrors } from '../syntax/source-error.ts';
import { parseDuration, parseTimestamp } from '../values/time.ts';
import { CelFailure, CelTimestamp } from '../values/value.ts';

/** Literals that can be seen to be wrong without an evaluation: patterns, durations, timestamps (cel-go's validators). */

/** The nodes directly below. */
export function childrenOf(node: Expression): readonly Expression[] {
  switch (node.kind) {
    case 'select':
      return [node.operand];
    case 'call':
      return node.target === undefined ? node.arguments : [node.target, ...node.arguments];
    case 'list':
      return node.elements;
    case 'map':
      return node.entries.flatMap((entry) => [entry.key, entry.value]);
    case 'struct':
      return node.fields.map((field) => field.value);
    case 'comprehension':
      return [node.range, node.initial, node.condition, node.step, node.result];
    default:
      return [];
  }
}

function isBad(name: string, text: string): boolean {
  if (name === 'duration') return parseDuration(text) === undefined;
  if (name === 'timestamp') return !(parseTimestamp(text) instanceof CelTimestamp);
  return compiledPattern(text) instanceof CelFailure;
}

/** Reports each wrong literal. Goes over every node once, though macros share some. */
export function validateLiterals(root: Expression, errors: SourceErrors): void {
  const seen = new Set<Expression>();
  const pending = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    pending.push(...childrenOf(node));
    if (node.kind !== 'call' || !['duration', 'timestamp', 'matches'].includes(node.name)) continue;
    const literal = node.arguments.at(node.name === 'matches' && node.target === undefined ? 1 : 0);
    if (literal?.kind !== 'literal' || typeof literal.value !== 'string') continue;
    if (isBad(node.name, literal.value)) errors.report(literal.offset, `invalid ${node.name} argument`);
  }
}

import { type FieldError, index, invalid, required, tooLong, tooMany } from '../../field-error.ts';
import { nonNegative } from '../apps/workload-validation.ts';
import type { Fields } from '../core/pod/fields.ts';
import { countIndexes, IndexesError, parseIndexes } from './job/indexes.ts';

const RULES_LIMIT = 20;
const INDEXES_LIMIT = 64 * 1024;

function ruleErrors(at: string, rule: Fields, completions: number): FieldError[] {
  const { succeededIndexes: indexes, succeededCount: count } = rule;
  const errors: FieldError[] = [];
  if (indexes === undefined && count === undefined) {
    errors.push(required(at, 'at least one of succeededCount or succeededIndexes must be specified'));
  }
  let total = 0;
  if (indexes !== undefined) {
    const field = `${at}.succeededIndexes`;
    if (Buffer.byteLength(indexes) > INDEXES_LIMIT) errors.push(tooLong(field, INDEXES_LIMIT));
    try {
      total = countIndexes(parseIndexes(indexes, completions));
    } catch (thrown) {
      if (!(thrown instanceof IndexesError)) throw thrown;
      errors.push(invalid(field, indexes, `error parsing succeededIndexes: ${thrown.message}`));
    }
  }
  if (count === undefined) return errors;
  const field = `${at}.succeededCount`;
  errors.push(...nonNegative(field, count));
  const atMost = (limit: number, what: string) =>
    errors.push(invalid(field, count, `must be less than or equal to ${limit} (${what})`));
  if (count > completions) atMost(completions, 'the number of specified completions');
  if (indexes !== undefined && count > total) {
    atMost(total, 'the number of indexes in the specified succeededIndexes field');
  }
  return errors;
}

/** Everything wrong with the successPolicy at `at` of a Job's spec. */
export function successPolicyErrors(at: string, spec: Fields): FieldError[] {
  const text = 'requires indexed completion mode';
  if (spec['completionMode'] !== 'Indexed') return [invalid(at, spec['successPolicy'], text)];
  const rules: Fields[] = spec['successPolicy'].rules ?? [];
  const errors: FieldError[] = [];
  if (rules.length === 0) {
    const why = 'at least one rules must be specified when the successPolicy is specified';
    errors.push(required(`${at}.rules`, why));
  }
  if (rules.length > RULES_LIMIT) errors.push(tooMany(`${at}.rules`, rules.length, RULES_LIMIT));
  const completions: number = spec['completions'] ?? 0;
  return [
    ...errors,
    ...rules.flatMap((rule, position) => ruleErrors(index(`${at}.rules`, position), rule, completions)),
  ];
}

import { duplicate, type FieldError, index, invalid, notSupported, required, tooMany } from '../../field-error.ts';
import { qualifiedNameProblems } from '../../metadata/names.ts';
import type { Fields } from '../core/pod/fields.ts';

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const OPERATORS = ['In', 'NotIn'];
const STATUSES = ['False', 'True', 'Unknown'];
const RULES_LIMIT = 20;
const CODES_LIMIT = 255;
const PATTERNS_LIMIT = 20;

/** `valid values: ["In" "NotIn"]`: as Go prints a list of strings. */
function validValues(values: readonly string[]): string {
  return `valid values: [${values.map((value) => JSON.stringify(value)).join(' ')}]`;
}

function oneOf(at: string, value: string | undefined, values: readonly string[]): FieldError[] {
  if ((value ?? '') === '') return [required(at, validValues(values))];
  return values.includes(value!) ? [] : [notSupported(at, value, values)];
}

/** An error of a rule as a whole, whose value upstream leaves out of the message. */
function invalidRule(at: string, detail: string): FieldError {
  return { type: 'FieldValueInvalid', field: at, message: `Invalid value: ${detail}` };
}

function exitCodesErrors(at: string, requirement: Fields, containers: ReadonlySet<string>): FieldError[] {
  const { operator, containerName, values = [] } = requirement;
  const errors = oneOf(`${at}.operator`, operator, OPERATORS);
  if (containerName !== undefined && !containers.has(containerName)) {
    const text = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalid(`${at}.containerName`, containerName, text));
  }
  if (values.length === 0) errors.push(invalid(`${at}.values`, values, 'at least one value is required'));
  else if (values.length > CODES_LIMIT) errors.push(tooMany(`${at}.values`, values.length, CODES_LIMIT));
  const seen = new Set<number>();
  (values as number[]).forEach((code, position) => {
    const field = index(`${at}.values`, position);
    if (operator === 'In' && code === 0) errors.push(invalid(field, code, 'must not be 0 for the In operator'));
    if (seen.has(code)) errors.push(duplicate(field, code));
    seen.add(code);
  });
  if ((values as number[]).some((code, position) => position > 0 && values[position - 1] > code)) {
    errors.push(invalid(`${at}.values`, values, 'must be ordered'));
  }
  return errors;
}

function conditionsErrors(at: string, patterns: readonly Fields[]): FieldError[] {
  const errors = patterns.length > PATTERNS_LIMIT ? [tooMany(at, patterns.length, PATTERNS_LIMIT)] : [];
  patterns.forEach(({ type, status }, position) => {
    const field = index(at, position);
    errors.push(...qualifiedNameProblems(type ?? '').map((problem) => invalid(`${field}.type`, type ?? '', problem)));
    errors.push(...oneOf(`${field}.status`, status, STATUSES));
  });
  return errors;
}

function ruleErrors(at: string, rule: Fields, spec: Fields, containers: ReadonlySet<string>): FieldError[] {
  const errors = oneOf(`${at}.action`, rule['action'], ACTIONS);
  if (rule['action'] === 'FailIndex' && spec['backoffLimitPerIndex'] === undefined) {
    errors.push(invalid(`${at}.action`, 'FailIndex', 'requires the backoffLimitPerIndex to be set'));
  }
  const codes = rule['onExitCodes'];
  const patterns: Fields[] = rule['onPodConditions'] ?? [];
  if (codes !== undefined) errors.push(...exitCodesErrors(`${at}.onExitCodes`, codes, containers));
  errors.push(...conditionsErrors(`${at}.onPodConditions`, patterns));
  if (codes !== undefined && patterns.length > 0) {
    errors.push(invalidRule(at, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  }
  if (codes === undefined && patterns.length === 0) {
    errors.push(invalidRule(at, 'specifying one of OnExitCodes and OnPodConditions is required'));
  }
  return errors;
}

/** Everything wrong with the podFailurePolicy at `at` of a Job's spec. */
export function podFailurePolicyErrors(at: string, spec: Fields): FieldError[] {
  const rules: Fields[] = spec['podFailurePolicy'].rules ?? [];
  const podSpec: Fields = spec['template']?.spec ?? {};
  const containers = new Set<string>(
    [...(podSpec['containers'] ?? []), ...(podSpec['initContainers'] ?? [])].map(
      (container: Fields) => container['name'],
    ),
  );
  return [
    ...(rules.length > RULES_LIMIT ? [tooMany(`${at}.rules`, rules.length, RULES_LIMIT)] : []),
    ...rules.flatMap((rule, position) => ruleErrors(index(`${at}.rules`, position), rule, spec, containers)),
  ];
}

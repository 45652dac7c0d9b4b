/** Label selectors: the text form of requests, and meta/v1 LabelSelector of objects. */
import { labelValueProblems, qualifiedNameProblems } from '../metadata/names.ts';
import { parseRequirements } from './label-selector-syntax.ts';
import { SelectorError } from './selector-error.ts';

export type LabelOperator = 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt';

/** One condition on one label. `exists` and `!` have no values, `gt` and `lt` one whole number. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

/** meta/v1 LabelSelector, as objects carry it. */
export interface LabelSelectorObject {
  matchLabels?: Readonly<Record<string, string>>;
  matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
}

type Labels = Readonly<Record<string, string>> | undefined;

/** All of its requirements must hold; without any it matches everything, unless it is `nothing`. */
export class LabelSelector {
  readonly requirements: readonly LabelRequirement[];
  readonly nothing: boolean;

  constructor(requirements: readonly LabelRequirement[], nothing = false) {
    this.requirements = requirements;
    this.nothing = nothing;
  }

  /** True when it selects every object. */
  get empty(): boolean {
    return !this.nothing && this.requirements.length === 0;
  }

  matches(labels: Labels): boolean {
    if (this.nothing) return false;
    for (const requirement of this.requirements) if (!holds(requirement, labels)) return false;
    return true;
  }

  /** The text form, sorted by key as upstream prints it. */
  toString(): string {
    const sorted = this.requirements.toSorted((left, right) =>
      left.key < right.key ? -1 : left.key > right.key ? 1 : 0,
    );
    return sorted.map(requirementText).join(',');
  }
}

function holds(requirement: LabelRequirement, labels: Labels): boolean {
  const { key, operator, values } = requirement;
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'in':
    case '=':
    case '==':
      return value !== undefined && values.includes(value);
    case 'notin':
    case '!=':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    default: {
      if (value === undefined || !/^[-+]?[0-9]+$/.test(value)) return false;
      const [actual, limit] = [BigInt(value.replace('+', '')), BigInt(values[0]!.replace('+', ''))];
      return operator === 'gt' ? actual > limit : actual < limit;
    }
  }
}

function requirementText({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${values.toSorted().join(',')})`;
    case 'gt':
      return `${key}>${values[0]}`;
    case 'lt':
      return `${key}<${values[0]}`;
    default:
      return `${key}${operator}${values[0]}`;
  }
}

/** Why a requirement cannot be, in upstream's words; undefined when it can. */
export function requirementProblem({ key, operator, values }: LabelRequirement): string | undefined {
  const problems: string[] = [];
  const keyProblems = qualifiedNameProblems(key);
  if (keyProblems.length > 0) problems.push(`key: Invalid value: ${JSON.stringify(key)}: ${keyProblems.join('; ')}`);
  if ((operator === 'in' || operator === 'notin') && values.length === 0) {
    problems.push("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty");
  }
  if ((operator === 'gt' || operator === 'lt') && !/^[-+]?[0-9]{1,19}$/.test(values[0] ?? '')) {
    const shown = JSON.stringify(values[0] ?? '');
    problems.push(`values[0]: Invalid value: ${shown}: for 'Gt', 'Lt' operators, the value must be an integer`);
  }
  values.forEach((value, position) => {
    const valueProblems = labelValueProblems(value);
    if (valueProblems.length === 0) return;
    problems.push(`values[${position}][${key}]: Invalid value: ${JSON.stringify(value)}: ${valueProblems.join('; ')}`);
  });
  if (problems.length === 0) return undefined;
  return problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`;
}

/**
 * Reads `app=web,tier in (a,b),!canary`. The empty text selects everything.
 * @throws SelectorError with upstream's text
 */
export function parseLabelSelector(text: string): LabelSelector {
  const requirements = parseRequirements(text);
  for (const requirement of requirements) {
    const problem = requirementProblem(requirement);
    if (problem !== undefined) throw new SelectorError(`unable to parse requirement: ${problem}`);
  }
  return new LabelSelector(requirements);
}

const objectOperators: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/**
 * A meta/v1 LabelSelector as a matcher: absent selects nothing, empty selects everything.
 * @throws SelectorError for an operator that does not exist or a requirement that cannot be
 */
export function selectorFromObject(selector: LabelSelectorObject | undefined | null): LabelSelector {
  if (selector === undefined || selector === null) return new LabelSelector([], true);
  const requirements: LabelRequirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push({ key, operator: '=', values: [value] });
  }
  for (const expression of selector.matchExpressions ?? []) {
    const operator = Object.hasOwn(objectOperators, expression.operator)
      ? objectOperators[expression.operator]
      : undefined;
    if (operator === undefined) {
      throw new SelectorError(`"${expression.operator}" is not a valid label selector operator`);
    }
    requirements.push({ key: expression.key, operator, values: expression.values ?? [] });
  }
  for (const requirement of requirements) {
    const problem = requirementProblem(requirement);
    if (problem !== undefined) throw new SelectorError(problem);
  }
  return new LabelSelector(requirements);
}

/** A plain map of labels (a Service's or ReplicationController's selector) as a matcher; empty selects everything. */
export function selectorFromLabels(labels: Labels): LabelSelector {
  return new LabelSelector(
    Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: '=' as const, values: [value] })),
  );
}

/** A meta/v1 LabelSelector as kubectl prints it: `app=web`, `<none>` when empty, `<error>` when it cannot be read. */
export function selectorText(selector: LabelSelectorObject | undefined | null): string {
  try {
    const text = selectorFromObject(selector).toString();
    return text === '' ? '<none>' : text;
  } catch {
    return '<error>';
  }
}

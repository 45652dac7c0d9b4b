/** What is wrong with the parts that all admission policies have (k8s.io/kubernetes/pkg/apis/admissionregistration/validation). */
import { boolType, ExpressionProblem, PolicyExpressions } from '../../cel/index.ts';
import { duplicate, type FieldError, index, invalid, notSupported, required } from '../../field-error.ts';
import { dns1035LabelProblems, dnsSubdomainProblems, pathSegmentProblems } from '../../metadata/names.ts';
import type { ApiObject } from '../../object.ts';
import { labelSelectorErrors } from '../../selectors/validate-label-selector.ts';
import { matchConditionErrors } from './match-condition-errors.ts';
import { ruleErrors } from './rule-errors.ts';

export type Fields = Readonly<Record<string, any>>;

/** A kind's rules know no cluster: expressions are held to the newest minor that is served. */
export const expressionMinor = 36;

const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

export function specOf(object: Readonly<ApiObject>): Fields {
  return object['spec'] ?? {};
}

/** One of a closed set; `''` and absent are the same. */
export function choiceErrors(at: string, value: string | undefined, allowed: readonly string[]): FieldError[] {
  if (!value) return [required(at)];
  return allowed.includes(value) ? [] : [notSupported(at, value, allowed)];
}

export function paramKindErrors(at: string, { apiVersion = '', kind = '' }: Fields): FieldError[] {
  const errors: FieldError[] = [];
  const parts: string[] = apiVersion.split('/');
  const [group, version] = parts.length === 1 ? ['', apiVersion] : [parts[0]!, parts[1]!];
  if (apiVersion === '') errors.push(required(`${at}.apiVersion`));
  else if (parts.length > 2) {
    errors.push(invalid(`${at}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  } else {
    const wrong = group === '' ? [] : dnsSubdomainProblems(group);
    if (wrong.length > 0) errors.push(invalid(`${at}.apiVersion`, group, wrong.join(',')));
    const problems = version === '' ? [] : dns1035LabelProblems(version);
    if (version === '') errors.push(invalid(`${at}.apiVersion`, apiVersion, 'version must be specified'));
    else if (problems.length > 0) errors.push(invalid(`${at}.apiVersion`, version, problems.join(',')));
  }
  if (kind === '') return [...errors, required(`${at}.kind`)];
  const problems = dns1035LabelProblems(kind.toLowerCase());
  if (problems.length === 0) return errors;
  const text = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
  return [...errors, invalid(`${at}.kind`, kind, text)];
}

function namedRuleErrors(at: string, rule: Fields): FieldError[] {
  const names: string[] = rule['resourceNames'] ?? [];
  const errors = names.flatMap((name, position) => {
    const field = index(`${at}.resourceNames`, position);
    const problems = pathSegmentProblems(name).map((problem) => invalid(field, name, problem));
    return names.indexOf(name) < position ? [...problems, duplicate(field, name)] : problems;
  });
  return [...errors, ...ruleErrors(at, rule)];
}

/** MatchResources at `at`. @param operations those that rules may name; all when absent */
export function matchResourcesErrors(at: string, match: Fields, operations?: readonly string[]): FieldError[] {
  const rules = (name: string): FieldError[] =>
    ((match[name] ?? []) as Fields[]).flatMap((rule, position) => {
      const own = ((rule['operations'] ?? []) as string[]).filter((each) => operations?.includes(each) === false);
      return [
        ...own.map((each) => notSupported(`${at}.${name}.operations`, each, operations!)),
        ...namedRuleErrors(index(`${at}.${name}`, position), rule).filter(
          (error) => operations === undefined || !/\.operations\[\d+\]$/.test(error.field),
        ),
      ];
    });
  const selector = (name: string): FieldError[] =>
    match[name] === undefined ? [required(`${at}.${name}`)] : labelSelectorErrors(`${at}.${name}`, match[name]);
  return [
    ...choiceErrors(`${at}.matchPolicy`, match['matchPolicy'], ['Equivalent', 'Exact']),
    ...selector('namespaceSelector'),
    ...selector('objectSelector'),
    ...rules('resourceRules'),
    ...rules('excludeResourceRules'),
  ];
}

export function paramRefErrors(at: string, reference: Fields | undefined): FieldError[] {
  if (reference === undefined) return [];
  const { name = '', selector, parameterNotFoundAction: action } = reference;
  const exclusive = 'name and selector are mutually exclusive';
  const both = name !== '' && selector !== undefined;
  const forbidden = (field: string): FieldError => ({
    type: 'FieldValueForbidden',
    field,
    message: `Forbidden: ${exclusive}`,
  });
  return [
    ...(name === '' ? [] : pathSegmentProblems(name).map((problem) => invalid(`${at}.name`, name, problem))),
    ...(both ? [forbidden(`${at}.name`)] : []),
    ...(selector === undefined ? [] : labelSelectorErrors(`${at}.selector`, selector)),
    ...(both ? [forbidden(`${at}.selector`)] : []),
    ...(name === '' && selector === undefined ? [required(at, 'one of name or selector must be specified')] : []),
    ...choiceErrors(`${at}.parameterNotFoundAction`, action, ['Deny', 'Allow']),
  ];
}

/** An expression's own error, if it has one. */
export function expressionErrors(
  at: string,
  expression: string,
  compiled: { readonly message?: string } | object,
): FieldError[] {
  return compiled instanceof ExpressionProblem ? [invalid(at, expression, compiled.message)] : [];
}

/** All texts of expressions in a policy: an update may keep them though they would be refused now. */
export function textsOf(value: unknown, texts = new Set<string>()): Set<string> {
  if (typeof value === 'string') texts.add(value);
  else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) textsOf(each, texts);
  return texts;
}

export function variableErrors(
  at: string,
  { name = '', expression = '' }: Fields,
  expressions: PolicyExpressions,
  known: ReadonlySet<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  if (name.trim() === '') errors.push(required(`${at}.name`, 'name is not specified'));
  else if (!identifier.test(name) || reserved.has(name)) {
    errors.push(invalid(`${at}.name`, name, 'name is not a valid CEL identifier'));
  }
  if (expression.trim() === '') return [...errors, required(`${at}.expression`, 'expression is not specified')];
  const compiled = expressions.add(name, expression, known.has(expression));
  return [...errors, ...expressionErrors(`${at}.expression`, expression, compiled)];
}

/** The same of validating and mutating policies: failurePolicy, paramKind, matchConstraints, matchConditions, variables. */
export function commonPolicyErrors(
  spec: Fields,
  expressions: PolicyExpressions,
  known: ReadonlySet<string>,
  options: { readonly ignoreConditions: boolean; readonly operations?: readonly string[] },
): FieldError[] {
  const { failurePolicy, paramKind, matchConstraints, matchConditions = [], variables = [] } = spec;
  const rules = 'spec.matchConstraints.resourceRules';
  // Conditions do not see the policy's variables.
  const plain = new PolicyExpressions({ minor: expressionMinor, params: paramKind !== undefined, composed: false });
  return [
    ...choiceErrors('spec.failurePolicy', failurePolicy, ['Fail', 'Ignore']),
    ...(paramKind === undefined ? [] : paramKindErrors('spec.paramKind', paramKind)),
    ...(matchConstraints === undefined
      ? [required('spec.matchConstraints')]
      : matchResourcesErrors('spec.matchConstraints', matchConstraints, options.operations)),
    ...(matchConstraints !== undefined && (matchConstraints.resourceRules ?? []).length === 0 ? [required(rules)] : []),
    ...(options.ignoreConditions
      ? []
      : matchConditionErrors('spec.matchConditions', matchConditions, (field, text) =>
          expressionErrors(field, text, plain.compile(text, { authorizer: true, stored: known.has(text) }, boolType)),
        )),
    ...(variables as Fields[]).flatMap((variable, position) =>
      variableErrors(index('spec.variables', position), variable, expressions, known),
    ),
  ];
}

/** Defaults of MatchResources. */
export function matchResourcesDefaults(match: Record<string, any> | undefined): void {
  if (match === undefined) return;
  match['matchPolicy'] ??= 'Equivalent';
  match['namespaceSelector'] ??= {};
  match['objectSelector'] ??= {};
  for (const rule of [...(match['resourceRules'] ?? []), ...(match['excludeResourceRules'] ?? [])]) rule.scope ??= '*';
}

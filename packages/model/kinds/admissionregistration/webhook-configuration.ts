/** What MutatingWebhookConfiguration and ValidatingWebhookConfiguration have in common: nearly everything. */
import { boolType, PolicyExpressions } from '../../cel/index.ts';
import { duplicate, type FieldError, index, invalid, notSupported, required } from '../../field-error.ts';
import { dns1035LabelProblems, dnsSubdomainProblems } from '../../metadata/names.ts';
import { sameValue } from '../../metadata/same-value.ts';
import type { ApiObject } from '../../object.ts';
import { labelSelectorErrors } from '../../selectors/validate-label-selector.ts';
import type { Column, Strategy } from '../../strategy.ts';
import { ageColumn } from '../../table/table.ts';
import { matchConditionErrors } from './match-condition-errors.ts';
import { expressionErrors, expressionMinor } from './policy-errors.ts';
import { ruleErrors } from './rule-errors.ts';
import { webhookClientErrors } from './webhook-client-errors.ts';

type Fields = Record<string, any>;

const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const WITHOUT_SIDE_EFFECTS = ['None', 'NoneOnDryRun'];
const SIDE_EFFECTS = ['None', 'NoneOnDryRun', 'Some', 'Unknown'];

/** What an update need not mend because it was so before. */
interface Leniency {
  readonly sideEffects: boolean;
  readonly reviewVersions: boolean;
  readonly names: boolean;
  readonly conditions: boolean;
}

const strict: Leniency = { sideEffects: false, reviewVersions: false, names: false, conditions: false };

function hooksOf(object: Readonly<ApiObject>): Fields[] {
  return object['webhooks'] ?? [];
}

function leniencyFor(hooks: readonly Fields[], before: readonly Fields[]): Leniency {
  const names = before.map((hook) => hook['name']);
  const known = (hook: Fields) =>
    (hook['admissionReviewVersions'] ?? []).some((version: string) => REVIEW_VERSIONS.includes(version));
  return {
    sideEffects: before.some((hook) => !WITHOUT_SIDE_EFFECTS.includes(hook['sideEffects'])),
    reviewVersions: before.some((hook) => (hook['admissionReviewVersions'] ?? []).length > 0 && !known(hook)),
    names: new Set(names).size < names.length,
    conditions:
      hooks.length === before.length &&
      hooks.every((hook, position) => sameValue(hook['matchConditions'], before[position]!['matchConditions'])),
  };
}

function nameErrors(at: string, name: string): FieldError[] {
  if (name === '') return [required(at)];
  const problems = dnsSubdomainProblems(name);
  if (problems.length > 0) return [invalid(at, name, problems.join(','))];
  if (name.split('.').length >= 3) return [];
  return [invalid(at, name, 'should be a domain with at least three segments separated by dots')];
}

function oneOf(at: string, value: string | undefined, allowed: readonly string[]): FieldError[] {
  return value === undefined || allowed.includes(value) ? [] : [notSupported(at, value, allowed)];
}

function reviewVersionErrors(at: string, versions: readonly string[], lenient: boolean): FieldError[] {
  if (versions.length === 0) return [required(at, `must specify one of ${REVIEW_VERSIONS.join(', ')}`)];
  const errors: FieldError[] = [];
  versions.forEach((version, position) => {
    const field = index(at, position);
    if (versions.indexOf(version) < position) errors.push(invalid(field, version, 'duplicate version'));
    else errors.push(...dns1035LabelProblems(version).map((problem) => invalid(field, version, problem)));
  });
  if (!lenient && !versions.some((version) => REVIEW_VERSIONS.includes(version)))
    errors.push(invalid(at, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`));
  return errors;
}

function sideEffectErrors(at: string, value: string | undefined, lenient: boolean): FieldError[] {
  const allowed = lenient ? SIDE_EFFECTS : WITHOUT_SIDE_EFFECTS;
  return value ? oneOf(at, value, allowed) : [required(at, `must specify one of ${allowed.join(', ')}`)];
}

/** An update is not asked about conditions that stay as they are, so that each text here is a new one. */
function conditionExpressionErrors(field: string, text: string): FieldError[] {
  const expressions = new PolicyExpressions({ minor: expressionMinor, params: false, composed: false });
  return expressionErrors(field, text, expressions.compile(text, { authorizer: true, stored: false }, boolType));
}

function hookErrors(at: string, hook: Fields, lenient: Leniency): FieldError[] {
  const seconds: number | undefined = hook['timeoutSeconds'];
  const rules: Fields[] = hook['rules'] ?? [];
  return [
    ...nameErrors(`${at}.name`, hook['name'] ?? ''),
    ...rules.flatMap((rule, position) => ruleErrors(index(`${at}.rules`, position), rule)),
    ...oneOf(`${at}.failurePolicy`, hook['failurePolicy'], ['Fail', 'Ignore']),
    ...oneOf(`${at}.matchPolicy`, hook['matchPolicy'], ['Equivalent', 'Exact']),
    ...sideEffectErrors(`${at}.sideEffects`, hook['sideEffects'], lenient.sideEffects),
    ...(seconds !== undefined && (seconds > 30 || seconds < 1)
      ? [invalid(`${at}.timeoutSeconds`, seconds, 'the timeout value must be between 1 and 30 seconds')]
      : []),
    ...labelSelectorErrors(`${at}.namespaceSelector`, hook['namespaceSelector']),
    ...labelSelectorErrors(`${at}.objectSelector`, hook['objectSelector']),
    ...oneOf(`${at}.reinvocationPolicy`, hook['reinvocationPolicy'], ['IfNeeded', 'Never']),
    ...webhookClientErrors(`${at}.clientConfig`, hook['clientConfig'] ?? {}),
    ...(lenient.conditions
      ? []
      : matchConditionErrors(`${at}.matchConditions`, hook['matchConditions'] ?? [], conditionExpressionErrors)),
    ...reviewVersionErrors(
      `${at}.admissionReviewVersions`,
      hook['admissionReviewVersions'] ?? [],
      lenient.reviewVersions,
    ),
  ];
}

function errorsOf(hooks: readonly Fields[], lenient: Leniency): FieldError[] {
  const names = new Set<string>();
  return hooks.flatMap((hook, position) => {
    const at = index('webhooks', position);
    const name: string = hook['name'] ?? '';
    const taken = !lenient.names && name !== '' && names.has(name);
    names.add(name);
    return [...hookErrors(at, hook, lenient), ...(taken ? [duplicate(`${at}.name`, name)] : [])];
  });
}

function setDefaults(hook: Fields, mutating: boolean): void {
  hook['failurePolicy'] ??= 'Fail';
  hook['matchPolicy'] ??= 'Equivalent';
  hook['namespaceSelector'] ??= {};
  hook['objectSelector'] ??= {};
  hook['timeoutSeconds'] ??= 10;
  if (mutating) hook['reinvocationPolicy'] ??= 'Never';
  for (const rule of hook['rules'] ?? []) rule.scope ??= '*';
  const service = hook['clientConfig']?.service;
  if (service) service.port ??= 443;
}

const columns: readonly Column[] = [
  {
    name: 'Webhooks',
    type: 'integer',
    priority: 0,
    description: 'How many webhooks the configuration has.',
    cell: (object) => hooksOf(object).length,
  },
  ageColumn,
];

/** The strategy of one of the two kinds. */
export function webhookConfiguration(kind: string, mutating: boolean): Strategy {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    generation: true,
    unconditionalUpdate: false,
    defaults: (object) => {
      for (const hook of hooksOf(object)) setDefaults(hook, mutating);
    },
    validate: (object) => errorsOf(hooksOf(object), strict),
    validateUpdate: (object, previous) => errorsOf(hooksOf(object), leniencyFor(hooksOf(object), hooksOf(previous))),
    columns,
  };
}

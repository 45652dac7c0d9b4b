/** What the spec of a Job and that of a CronJob's template check alike. */
import { type FieldError, invalid, notSupported, required, tooLong } from '../../field-error.ts';
import { dnsSubdomainProblems } from '../../metadata/names.ts';
import { nonNegative } from '../apps/workload-validation.ts';
import type { Fields } from '../core/pod/fields.ts';
import { podTemplateErrors } from '../core/pod/validation/pod-template.ts';
import { podFailurePolicyErrors } from './pod-failure-policy.ts';
import { successPolicyErrors } from './success-policy.ts';

const PARALLELISM_LIMIT = 100_000;
const FAILED_INDEXES_LIMIT = 100_000;
const MANY_COMPLETIONS = 100_000;
const LIMIT_OF_MANY = 10_000;
const MANAGER_LIMIT = 63;

const COUNTS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
];

/** `example.com/controller`: a domain, a slash and a path. */
function managerErrors(at: string, value: string): FieldError[] {
  const slash = value.indexOf('/');
  const errors: FieldError[] = [];
  if (value === '') errors.push(required(at));
  else if (slash < 0 || slash === 0 || slash === value.length - 1) {
    errors.push(invalid(at, value, 'must be a domain-prefixed path (such as "acme.io/foo")'));
  } else {
    errors.push(...dnsSubdomainProblems(value.slice(0, slash)).map((text) => invalid(at, value.slice(0, slash), text)));
    if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(value.slice(slash + 1))) {
      const text = "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";
      errors.push(invalid(at, value.slice(slash + 1), text));
    }
  }
  return Buffer.byteLength(value) > MANAGER_LIMIT ? [...errors, tooLong(at, MANAGER_LIMIT)] : errors;
}

function indexedErrors(at: string, spec: Fields): FieldError[] {
  const { parallelism, completions, maxFailedIndexes, backoffLimitPerIndex } = spec;
  const errors: FieldError[] = [];
  const over = (name: string, detail: string) => errors.push(invalid(`${at}.${name}`, spec[name], detail));
  if (completions === undefined) {
    errors.push(required(`${at}.completions`, 'when completion mode is Indexed'));
  }
  if (parallelism > PARALLELISM_LIMIT) {
    over('parallelism', `must be less than or equal to ${PARALLELISM_LIMIT} when completion mode is Indexed`);
  }
  if (completions !== undefined && maxFailedIndexes > completions) {
    over('maxFailedIndexes', 'must be less than or equal to completions');
  }
  if (maxFailedIndexes > FAILED_INDEXES_LIMIT) {
    over('maxFailedIndexes', `must be less than or equal to ${FAILED_INDEXES_LIMIT}`);
  }
  if (!(completions > MANY_COMPLETIONS) || backoffLimitPerIndex === undefined) return errors;
  if (maxFailedIndexes === undefined) {
    errors.push(required(`${at}.maxFailedIndexes`, `must be specified when completions is above ${MANY_COMPLETIONS}`));
  }
  const text = `must be less than or equal to ${LIMIT_OF_MANY} when completions are above ${MANY_COMPLETIONS} and used with backoff limit per index`;
  if (parallelism > LIMIT_OF_MANY) over('parallelism', text);
  if (maxFailedIndexes > LIMIT_OF_MANY) over('maxFailedIndexes', text);
  return errors;
}

function completionModeErrors(at: string, spec: Fields): FieldError[] {
  const mode = spec['completionMode'] ?? 'NonIndexed';
  if (mode === 'Indexed') return indexedErrors(at, spec);
  if (mode !== 'NonIndexed') return [notSupported(`${at}.completionMode`, mode, ['NonIndexed', 'Indexed'])];
  return ['backoffLimitPerIndex', 'maxFailedIndexes']
    .filter((name) => spec[name] !== undefined)
    .map((name) => invalid(`${at}.${name}`, spec[name], 'requires indexed completion mode'));
}

function replacementErrors(at: string, spec: Fields): FieldError[] {
  const policy = spec['podReplacementPolicy'];
  const supported = spec['podFailurePolicy'] === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed'];
  return policy === undefined || supported.includes(policy) ? [] : [notSupported(at, policy, supported)];
}

function restartPolicyErrors(at: string, spec: Fields): FieldError[] {
  const policy = spec['template']?.spec?.restartPolicy ?? '';
  if (policy === '' || policy === 'Always') return [required(at, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never') return [notSupported(at, policy, ['OnFailure', 'Never'])];
  if (spec['podFailurePolicy'] === undefined || policy === 'Never') return [];
  return [invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified')];
}

/** Everything wrong with the spec of a Job at `at`, but for its selector. */
export function jobSpecErrors(at: string, spec: Fields): FieldError[] {
  const errors = COUNTS.flatMap((name) => nonNegative(`${at}.${name}`, spec[name]));
  if (spec['maxFailedIndexes'] !== undefined && spec['backoffLimitPerIndex'] === undefined) {
    errors.push(required(`${at}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  }
  return [
    ...errors,
    ...(spec['managedBy'] === undefined ? [] : managerErrors(`${at}.managedBy`, spec['managedBy'])),
    ...completionModeErrors(at, spec),
    ...(spec['podFailurePolicy'] === undefined ? [] : podFailurePolicyErrors(`${at}.podFailurePolicy`, spec)),
    ...(spec['successPolicy'] === undefined ? [] : successPolicyErrors(`${at}.successPolicy`, spec)),
    ...replacementErrors(`${at}.podReplacementPolicy`, spec),
    ...podTemplateErrors(`${at}.template`, spec['template'] ?? {}),
    ...restartPolicyErrors(`${at}.template.spec.restartPolicy`, spec),
  ];
}

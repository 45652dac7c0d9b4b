/** Which devices a claim asks for, also where it stands in a template. */
import { type FieldError, invalid, notSupported, required } from '../../field-error.ts';
import { labelValueProblems } from '../../metadata/names.ts';
import { labelKeyErrors } from '../../metadata/validate-metadata.ts';
import type { Fields } from '../core/pod/fields.ts';
import { problems } from '../core/pod/validation/scalars.ts';
import { configurationErrors } from './device-configuration.ts';
import { selectorsErrors } from './device-selector.ts';
import { listErrors, setErrors } from './lists.ts';
import { classNameErrors, fullNameErrors, labelNameErrors } from './names.ts';

const MOST = 32;
const MOST_ALTERNATIVES = 8;
const MODES = ['All', 'ExactCount'];
const EFFECTS = ['NoExecute', 'NoSchedule', 'None'];
const itself = (name: string) => name;

/** The names of a claim's requests, each with those of its alternatives. */
export type RequestNames = ReadonlyMap<string, ReadonlySet<string>>;

export function requestNamesOf(devices: Fields | undefined): RequestNames {
  const requests: Fields[] = devices?.['requests'] ?? [];
  return new Map(
    requests.map((request) => [
      request['name'] ?? '',
      new Set(((request['firstAvailable'] ?? []) as Fields[]).map((one) => one['name'] ?? '')),
    ]),
  );
}

/** The name of a request of the claim, or `request/alternative`. */
export function requestReferenceErrors(at: string, name: string, names: RequestNames): FieldError[] {
  const parts = name.split('/');
  const [request = '', alternative] = parts;
  const text = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  if (parts.length > 2) return [invalid(at, name, text)];
  const errors = parts.flatMap((part) => labelNameErrors(at, part));
  const found = names.get(request);
  const known = found !== undefined && (alternative === undefined || found.has(alternative));
  return known ? errors : [...errors, invalid(at, name, text)];
}

function tolerationErrors(at: string, toleration: Fields): FieldError[] {
  const { key = '', operator = '', value = '', effect = '' } = toleration as Record<string, string>;
  const errors = key === '' ? [] : labelKeyErrors(`${at}.key`, key);
  if (operator === 'Exists') {
    if (value !== '') errors.push(invalid(`${at}.value`, value, 'must be empty for operator `Exists`'));
  } else if (operator === 'Equal') errors.push(...problems(`${at}.value`, value, labelValueProblems));
  else if (operator === '') errors.push(required(`${at}.operator`));
  else errors.push(notSupported(`${at}.operator`, operator, ['Equal', 'Exists']));
  if (effect !== '' && !EFFECTS.includes(effect)) errors.push(notSupported(`${at}.effect`, effect, EFFECTS));
  return errors;
}

/** What one request, or one of its alternatives, asks for. */
function wishErrors(at: string, wish: Fields): FieldError[] {
  const mode: string = wish['allocationMode'] ?? '';
  const count: number = wish['count'] ?? 0;
  const errors = [
    ...classNameErrors(`${at}.deviceClassName`, wish['deviceClassName'] ?? ''),
    ...selectorsErrors(`${at}.selectors`, wish['selectors']),
  ];
  if (mode === 'All') {
    if (count !== 0) errors.push(invalid(`${at}.count`, count, "must not be specified when allocationMode is 'All'"));
  } else if (mode === 'ExactCount') {
    if (count <= 0) errors.push(invalid(`${at}.count`, count, 'must be greater than zero'));
  } else errors.push(notSupported(`${at}.allocationMode`, mode, MODES));
  return [
    ...errors,
    ...((wish['tolerations'] ?? []) as Fields[]).flatMap((one, i) => tolerationErrors(`${at}.tolerations[${i}]`, one)),
  ];
}

function requestErrors(request: Fields, at: string): FieldError[] {
  const alternatives: Fields[] = request['firstAvailable'] ?? [];
  const exactly: Fields | undefined = request['exactly'];
  const errors = labelNameErrors(`${at}.name`, request['name'] ?? '');
  const text = 'exactly one of `exactly` or `firstAvailable` is required';
  if (alternatives.length === 0 && exactly === undefined) return [...errors, required(at, text)];
  if (alternatives.length > 0 && exactly !== undefined) {
    return [...errors, invalid(at, null, `${text}, but multiple fields are set`)];
  }
  if (exactly !== undefined) return [...errors, ...wishErrors(`${at}.exactly`, exactly)];
  const check = (one: Fields, field: string) => [
    ...labelNameErrors(`${field}.name`, one['name'] ?? ''),
    ...wishErrors(field, one),
  ];
  const nameOf = (one: Fields) => one['name'] ?? '';
  return [...errors, ...setErrors(`${at}.firstAvailable`, alternatives, MOST_ALTERNATIVES, check, nameOf)];
}

function constraintErrors(constraint: Fields, at: string, names: RequestNames): FieldError[] {
  const { matchAttribute, distinctAttribute } = constraint;
  const errors = referencesErrors(`${at}.requests`, constraint['requests'], names);
  if (matchAttribute !== undefined) errors.push(...fullNameErrors(`${at}.matchAttribute`, matchAttribute));
  else if (distinctAttribute !== undefined)
    errors.push(...fullNameErrors(`${at}.distinctAttribute`, distinctAttribute));
  else {
    const text = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
    errors.push(required(at, text));
  }
  return errors;
}

export function referencesErrors(at: string, names: readonly string[] | undefined, known: RequestNames): FieldError[] {
  return setErrors(at, names, MOST, (name, field) => requestReferenceErrors(field, name, known), itself);
}

/** Everything wrong with spec.devices of a claim. */
export function deviceClaimErrors(at: string, devices: Fields): FieldError[] {
  const names = requestNamesOf(devices);
  return [
    ...setErrors<Fields>(`${at}.requests`, devices['requests'], MOST, requestErrors, (one) => one['name'] ?? ''),
    ...listErrors<Fields>(`${at}.constraints`, devices['constraints'], MOST, (one, field) =>
      constraintErrors(one, field, names),
    ),
    ...listErrors<Fields>(`${at}.config`, devices['config'], MOST, (one, field) => [
      ...referencesErrors(`${field}.requests`, one['requests'], names),
      ...configurationErrors(field, one),
    ]),
  ];
}

function defaultWish(wish: Fields): void {
  wish['allocationMode'] ||= 'ExactCount';
  if (wish['allocationMode'] === 'ExactCount' && (wish['count'] ?? 0) === 0) wish['count'] = 1;
  for (const toleration of (wish['tolerations'] ?? []) as Fields[]) toleration['operator'] ||= 'Equal';
}

/** One device of each request, unless it says otherwise. */
export function defaultDeviceClaim(devices: Fields | undefined): void {
  for (const request of (devices?.['requests'] ?? []) as Fields[]) {
    if (request['exactly'] !== undefined) defaultWish(request['exactly']);
    for (const alternative of (request['firstAvailable'] ?? []) as Fields[]) defaultWish(alternative);
  }
}

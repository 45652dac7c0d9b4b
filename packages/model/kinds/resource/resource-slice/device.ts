/** One device of a ResourceSlice: what it is, what it has, what it takes, and where it can be reached from. */
import { type FieldError, forbidden, invalid, notSupported, required, tooLong } from '../../../field-error.ts';
import { dnsSubdomainProblems, labelValueProblems, qualifiedNameProblems } from '../../../metadata/names.ts';
import { labelKeyErrors } from '../../../metadata/validate-metadata.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { problems } from '../../core/pod/validation/scalars.ts';
import { nodeSelectorErrors } from '../../core/pod/validation/scheduling.ts';
import { listErrors, mapErrors, setErrors } from '../lists.ts';
import { LONGEST_QUALIFIED_NAME, labelNameErrors, qualifiedNameErrors } from '../names.ts';
import { requestPolicyErrors } from './request-policy.ts';

const MOST_ATTRIBUTES = 32;
const MOST_TAINTS = 16;
const MOST_CONSUMPTIONS = 2;
const MOST_COUNTERS = 32;
const MOST_CONDITIONS = 4;
const LONGEST_VALUE = 64;
const EFFECTS = ['NoExecute', 'NoSchedule', 'None'];
const VALUES = ['bool', 'int', 'string', 'version', 'bools', 'ints', 'strings', 'versions'];
const VERSION =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

const keysOf = { most: Number.POSITIVE_INFINITY, longest: LONGEST_QUALIFIED_NAME };

function textErrors(at: string, value: string, version: boolean): FieldError[] {
  const long = Buffer.byteLength(value) > LONGEST_VALUE ? [tooLong(at, LONGEST_VALUE)] : [];
  if (!version || (long.length === 0 && VERSION.test(value))) return long;
  return [invalid(at, value, 'must be a string compatible with semver.org spec 2.0.0'), ...long];
}

function attributeErrors(attribute: Fields, at: string): FieldError[] {
  const given = VALUES.filter((name) => attribute[name] !== undefined);
  const errors: FieldError[] = [];
  if (attribute['string'] !== undefined) errors.push(...textErrors(`${at}.string`, attribute['string'], false));
  if (attribute['version'] !== undefined) errors.push(...textErrors(`${at}.version`, attribute['version'], true));
  for (const name of ['strings', 'versions'] as const) {
    ((attribute[name] ?? []) as string[]).forEach((value, i) => {
      errors.push(...textErrors(`${at}.${name}[${i}]`, value, name === 'versions'));
    });
  }
  if (given.length === 1) return errors;
  return [...errors, invalid(at, given.length === 0 ? '' : attribute, 'exactly one value must be specified')];
}

function taintErrors(taint: Fields, at: string): FieldError[] {
  const { key = '', value = '', effect = '' } = taint as Record<string, string>;
  const errors = labelKeyErrors(`${at}.key`, key);
  if (value !== '') errors.push(...problems(`${at}.value`, value, labelValueProblems));
  if (effect === '') errors.push(required(`${at}.effect`));
  else if (!EFFECTS.includes(effect)) errors.push(notSupported(`${at}.effect`, effect, EFFECTS));
  return errors;
}

/** Counters by name, of a device's use or of a set that devices share. */
export function countersErrors(at: string, counters: Fields | undefined): FieldError[] {
  if (Object.keys(counters ?? {}).length === 0) return [required(at)];
  const limits = { most: MOST_COUNTERS, longest: 63 };
  return mapErrors<Fields>(
    at,
    counters,
    limits,
    (name, field) => labelNameErrors(field, name),
    () => [],
  );
}

function consumptionErrors(consumption: Fields, at: string): FieldError[] {
  return [
    ...labelNameErrors(`${at}.counterSet`, consumption['counterSet'] ?? ''),
    ...countersErrors(`${at}.counters`, consumption['counters']),
  ];
}

function placeErrors(at: string, device: Fields, perDevice: boolean): FieldError[] {
  const { nodeName, nodeSelector, allNodes } = device;
  const given = [nodeName, nodeSelector, allNodes].filter((one) => one !== undefined).length;
  if (!perDevice) {
    const text =
      '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
    return given === 0 ? [] : [invalid(at, null, text)];
  }
  const text =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  const errors: FieldError[] = [];
  const set: string[] = [];
  if (nodeName === '') errors.push(invalid(`${at}.nodeName`, nodeName, 'must not be empty'));
  else if (nodeName !== undefined) {
    set.push('`nodeName`');
    errors.push(...problems(`${at}.nodeName`, nodeName, dnsSubdomainProblems));
  }
  if (nodeSelector !== undefined) {
    set.push('`nodeSelector`');
    errors.push(...nodeSelectorErrors(`${at}.nodeSelector`, nodeSelector));
  }
  if (allNodes === true) set.push('`allNodes`');
  else if (allNodes !== undefined)
    errors.push(invalid(`${at}.allNodes`, allNodes, 'must be either unset or set to true'));
  if (set.length === 0) errors.push(required(at, text));
  else if (set.length > 1) errors.push(invalid(at, `{${set.join(', ')}}`, text));
  return errors;
}

function conditionsErrors(at: string, device: Fields): FieldError[] {
  return ['bindingConditions', 'bindingFailureConditions'].flatMap((name) =>
    setErrors<string>(
      `${at}.${name}`,
      device[name],
      MOST_CONDITIONS,
      (one, field) => problems(field, one, qualifiedNameProblems),
      (one) => one,
    ),
  );
}

export function deviceErrors(device: Fields, at: string, perDevice: boolean): FieldError[] {
  const size = Object.keys(device['attributes'] ?? {}).length + Object.keys(device['capacity'] ?? {}).length;
  const text = `the total number of attributes and capacities must not exceed ${MOST_ATTRIBUTES}`;
  const shared = device['allowMultipleAllocations'] === true;
  const name = (one: string, field: string) => qualifiedNameErrors(field, one);
  return [
    ...labelNameErrors(`${at}.name`, device['name'] ?? ''),
    ...(size > MOST_ATTRIBUTES ? [invalid(at, size, text)] : []),
    ...mapErrors<Fields>(`${at}.attributes`, device['attributes'], keysOf, name, attributeErrors),
    ...mapErrors<Fields>(`${at}.capacity`, device['capacity'], keysOf, name, (capacity, field) => {
      if (capacity['requestPolicy'] === undefined) return [];
      if (!shared) return [forbidden(`${field}.requestPolicy`, 'allowMultipleAllocations must be true')];
      return requestPolicyErrors(`${field}.requestPolicy`, capacity);
    }),
    ...listErrors<Fields>(`${at}.taints`, device['taints'], MOST_TAINTS, taintErrors),
    ...setErrors<Fields>(
      `${at}.consumesCounters`,
      device['consumesCounters'],
      MOST_CONSUMPTIONS,
      consumptionErrors,
      (one) => one['counterSet'] ?? '',
    ),
    ...placeErrors(at, device, perDevice),
    ...conditionsErrors(at, device),
  ];
}

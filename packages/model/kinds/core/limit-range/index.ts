import { duplicate, type FieldError, forbidden, index, invalid, key, required } from '../../../field-error.ts';
import { qualifiedNameProblems } from '../../../metadata/names.ts';
import type { ApiObject } from '../../../object.ts';
import { canonicalQuantities } from '../../../quantity/canonical-quantities.ts';
import { parseQuantity, type Quantity, quantityOrUndefined } from '../../../quantity/quantity.ts';
import type { Strategy } from '../../../strategy.ts';
import type { Fields } from '../pod/fields.ts';
import { mayOvercommit, resourceNameErrors } from '../pod/validation/resources.ts';
import { countedNameErrors } from '../resource-quota/resource-names.ts';

const TYPES = ['Pod', 'Container', 'PersistentVolumeClaim'];
/** Above it upstream compares whole units instead of thousandths (resource.MaxMilliValue). */
const LARGEST_IN_MILLI = (2n ** 63n - 1n) / 1000n;

const LISTS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'];

type List = Readonly<Record<string, unknown>>;

function typeErrors(at: string, type: string): FieldError[] {
  const errors = qualifiedNameProblems(type).map((problem) => invalid(at, type, problem));
  if (errors.length > 0 || type.includes('/') || TYPES.includes(type)) return errors;
  return [invalid(at, type, 'must be a standard limit type or fully qualified')];
}

function nameErrors(at: string, type: string, list: List | undefined): FieldError[] {
  const ofContainers = type === 'Pod' || type === 'Container';
  return Object.keys(list ?? {}).flatMap((name) =>
    ofContainers ? resourceNameErrors(key(at, name), name) : countedNameErrors(key(at, name), name),
  );
}

function limitErrors(at: string, limit: Fields): FieldError[] {
  const type: string = limit['type'] ?? '';
  const errors = [...nameErrors(`${at}.max`, type, limit['max']), ...nameErrors(`${at}.min`, type, limit['min'])];
  for (const name of ['default', 'defaultRequest']) {
    if (type !== 'Pod') errors.push(...nameErrors(`${at}.${name}`, type, limit[name]));
    else if (Object.keys(limit[name] ?? {}).length > 0)
      errors.push(forbidden(`${at}.${name}`, "may not be specified when `type` is 'Pod'"));
  }
  if (type === 'PersistentVolumeClaim' && limit['min']?.storage === undefined && limit['max']?.storage === undefined)
    errors.push(
      required(`${at}.limits`, 'either minimum or maximum storage value is required, but neither was provided'),
    );
  errors.push(...nameErrors(`${at}.maxLimitRequestRatio`, type, limit['maxLimitRequestRatio']));
  const ofPods = type === 'Pod';
  const lists = ['max', 'min', ...(ofPods ? [] : ['default', 'defaultRequest']), 'maxLimitRequestRatio'];
  const names = new Set(lists.flatMap((list) => Object.keys(limit[list] ?? {})));
  for (const name of names) errors.push(...orderErrors(at, name, limit, ofPods));
  return errors;
}

/** What contradicts itself among the values of one resource. */
function orderErrors(at: string, name: string, limit: Fields, ofPods: boolean): FieldError[] {
  const read = (list: string): Quantity | undefined =>
    Object.hasOwn(limit[list] ?? {}, name) ? quantityOrUndefined(limit[list][name]) : undefined;
  const [min, max] = [read('min'), read('max')];
  const [standard, request] = ofPods ? [undefined, undefined] : [read('default'), read('defaultRequest')];
  const errors: FieldError[] = [];
  const ordered = (
    low: Quantity | undefined,
    high: Quantity | undefined,
    list: string,
    of: Quantity | undefined,
    text: string,
  ) => {
    if (low === undefined || high === undefined || low.compare(high) <= 0) return;
    const [first, second] = text.split('|') as [string, string];
    errors.push(invalid(key(`${at}.${list}`, name), String(of), `${first} ${low} is greater than ${second} ${high}`));
  };
  ordered(min, max, 'min', min, 'min value|max value');
  ordered(min, request, 'defaultRequest', request, 'min value|default request value');
  ordered(request, max, 'defaultRequest', request, 'default request value|max value');
  ordered(request, standard, 'defaultRequest', request, 'default request value|default limit value');
  ordered(min, standard, 'default', min, 'min value|default value');
  ordered(standard, max, 'default', max, 'default value|max value');
  errors.push(...ratioErrors(key(`${at}.maxLimitRequestRatio`, name), read('maxLimitRequestRatio'), min, max));
  if (!mayOvercommit(name) && standard && request && standard.compare(request) !== 0) {
    const text = `default value ${standard} must equal to defaultRequest value ${request} in ${name}`;
    errors.push(invalid(key(`${at}.defaultRequest`, name), String(request), text));
  }
  return errors;
}

function ratioErrors(
  at: string,
  ratio: Quantity | undefined,
  min: Quantity | undefined,
  max: Quantity | undefined,
): FieldError[] {
  if (ratio === undefined) return [];
  const errors: FieldError[] = [];
  if (ratio.compare(parseQuantity('1')) < 0) errors.push(invalid(at, String(ratio), `ratio ${ratio} is less than 1`));
  if (min === undefined || max === undefined) return errors;
  const fine = [ratio, min, max].every((one) => one.value() < LARGEST_IN_MILLI);
  const most = fine ? Number(max.milliValue()) / Number(min.milliValue()) : Number(max.value()) / Number(min.value());
  const actual = fine ? Number(ratio.milliValue()) / 1000 : Number(ratio.value());
  if (actual > most)
    errors.push(invalid(at, String(ratio), `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`));
  return errors;
}

function validate(object: Readonly<ApiObject>): FieldError[] {
  const seen = new Set<string>();
  const limits: Fields[] = object['spec']?.limits ?? [];
  return limits.flatMap((limit, position) => {
    const at = index('spec.limits', position);
    const type: string = limit['type'] ?? '';
    const errors = typeErrors(`${at}.type`, type);
    if (seen.has(type)) errors.push(duplicate(`${at}.type`, type));
    seen.add(type);
    return [...errors, ...limitErrors(at, limit)];
  });
}

function setMissing(target: Record<string, unknown>, source: List | undefined): void {
  for (const [name, value] of Object.entries(source ?? {})) if (!Object.hasOwn(target, name)) target[name] = value;
}

export const limitRange: Strategy = {
  apiVersion: 'v1',
  kind: 'LimitRange',
  createOnUpdate: true,
  defaults(object) {
    for (const limit of (object['spec']?.limits ?? []) as Fields[]) {
      for (const list of LISTS) canonicalQuantities(limit[list]);
      if (limit['type'] !== 'Container') continue;
      const standard: Record<string, unknown> = { ...limit['default'] };
      const request: Record<string, unknown> = { ...limit['defaultRequest'] };
      setMissing(standard, limit['max']);
      setMissing(request, standard);
      setMissing(request, limit['min']);
      if (Object.keys(standard).length > 0) limit['default'] = standard;
      if (Object.keys(request).length > 0) limit['defaultRequest'] = request;
    }
  },
  validate,
  validateUpdate: validate,
};

/** How much of a capacity that several claims share one of them may ask for. */
import { duplicate, type FieldError, forbidden, index, invalid, required, tooMany } from '../../../field-error.ts';
import { type Quantity, quantityOrUndefined } from '../../../quantity/quantity.ts';
import type { Fields } from '../../core/pod/fields.ts';

const MOST_OPTIONS = 10;

function optionsErrors(at: string, options: readonly Quantity[], usual: Quantity, most: Quantity): FieldError[] {
  const errors: FieldError[] = [];
  options.forEach((option, i) => {
    const before = options[i - 1];
    if (before !== undefined && before.compare(option) > 0) {
      errors.push(invalid(index(at, i), option.toString(), 'values must be sorted in ascending order'));
    }
  });
  if (options.length > MOST_OPTIONS) errors.push(tooMany(at, options.length, MOST_OPTIONS));
  options.forEach((option, i) => {
    const field = index(at, i);
    if (option.compare(most) > 0) {
      errors.push(invalid(field, option.toString(), `option is larger than capacity value: ${most}`));
    }
    if (options.slice(0, i).some((one) => one.compare(option) === 0)) errors.push(duplicate(field, option.toString()));
  });
  if (!options.some((option) => option.compare(usual) === 0)) {
    errors.push(invalid(at, usual.toString(), 'default value is not valid according to the requestPolicy'));
  }
  return errors;
}

function isMultiple(value: Quantity, from: Quantity, step: Quantity): boolean {
  return step.nano > 0n && (value.nano - from.nano) % step.nano === 0n;
}

function rangeErrors(at: string, range: Fields, usual: Quantity, most: Quantity): FieldError[] {
  const [low, high, step] = ['min', 'max', 'step'].map((name) => quantityOrUndefined(range[name]));
  if (low === undefined) return [required(`${at}.min`, 'required when validRange is defined')];
  const errors: FieldError[] = [];
  const refuse = (name: string, value: Quantity, text: string) =>
    errors.push(invalid(`${at}.${name}`, value.toString(), text));
  if (low.compare(most) > 0) refuse('min', low, `min is larger than capacity value: ${most}`);
  if (usual.compare(low) < 0) refuse('min', usual, `default is less than min: ${low}`);
  if (high !== undefined) {
    if (low.compare(high) > 0) refuse('max', low, `min is larger than max: ${high}`);
    if (high.compare(most) > 0) refuse('max', high, `max is larger than capacity value: ${most}`);
    if (usual.compare(high) > 0) refuse('max', usual, `default is more than max: ${high}`);
  }
  if (step === undefined) return errors;
  const next = low.add(step);
  if (next.compare(most) > 0) refuse('step', step, `one step ${next} is larger than capacity value: ${most}`);
  for (const value of high === undefined ? [usual] : [usual, high]) {
    if (!isMultiple(value, low, step))
      refuse('step', value, `value is not a multiple of a given step (${step}) from (${low})`);
  }
  return errors;
}

/** Everything wrong with the policy of a capacity, `{value, requestPolicy}`; `at` is the policy's path. */
export function requestPolicyErrors(at: string, capacity: Fields): FieldError[] {
  const policy: Fields = capacity['requestPolicy'];
  const options: unknown[] = policy['validValues'] ?? [];
  const range: Fields | undefined = policy['validRange'];
  const most = quantityOrUndefined(capacity['value']);
  if (options.length > 0 && range !== undefined) {
    const text = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    return [forbidden(at, text)];
  }
  const name = options.length > 0 ? 'validValues' : 'validRange';
  if ((options.length === 0 && range === undefined) || most === undefined) return [];
  const usual = quantityOrUndefined(policy['default']);
  if (usual === undefined) return [required(`${at}.default`, `required when ${name} is defined`)];
  if (range !== undefined) return rangeErrors(`${at}.validRange`, range, usual, most);
  const quantities = options.map(quantityOrUndefined).filter((one): one is Quantity => one !== undefined);
  return optionsErrors(`${at}.validValues`, quantities, usual, most);
}

import { type FieldError, invalid, key, required } from '../../../field-error.ts';
import type { ApiObject } from '../../../object.ts';
import { selectorFromObject } from '../../../selectors/label-selector.ts';
import { controllerUidLabel, jobNameLabel, oldControllerUidLabel, oldJobNameLabel } from './labels.ts';

const LABELS = 'spec.template.metadata.labels';

/** Gives the Job a selector by its own uid, and its template the labels to match, unless the client chose its own. */
export function generateSelector(object: ApiObject): void {
  const spec = (object['spec'] ??= {});
  if (spec.manualSelector === true) return;
  const { name = '', uid = '' } = object.metadata ?? {};
  spec.template ??= {};
  spec.template.metadata ??= {};
  const labels = (spec.template.metadata.labels ??= {});
  if (!Object.hasOwn(labels, jobNameLabel)) Object.assign(labels, { [oldJobNameLabel]: name, [jobNameLabel]: name });
  if (!Object.hasOwn(labels, controllerUidLabel)) {
    Object.assign(labels, { [oldControllerUidLabel]: uid, [controllerUidLabel]: uid });
  }
  spec.selector ??= {};
  spec.selector.matchLabels ??= {};
  if (!Object.hasOwn(spec.selector.matchLabels, controllerUidLabel)) {
    spec.selector.matchLabels[controllerUidLabel] = uid;
  }
}

function labelErrors(labels: Readonly<Record<string, string>>, name: string, expected: string): FieldError[] {
  const text = `must be '${expected}'`;
  if (!Object.hasOwn(labels, name)) return [required(key(LABELS, name), text)];
  return labels[name] === expected ? [] : [invalid(key(LABELS, name), labels, text)];
}

/** Whether what was generated is what it should be: labels that the client brought may be in the way. */
export function generatedSelectorErrors(object: Readonly<ApiObject>): FieldError[] {
  const spec = object['spec'] ?? {};
  if (spec.manualSelector === true || spec.selector === undefined) return [];
  const { name = '', uid = '' } = object.metadata ?? {};
  const expected = {
    [oldControllerUidLabel]: uid,
    [oldJobNameLabel]: name,
    [controllerUidLabel]: uid,
    [jobNameLabel]: name,
  };
  const labels = spec.template?.metadata?.labels ?? {};
  const errors = uid === '' ? [required('metadata.uid')] : [];
  for (const [label, value] of Object.entries(expected)) errors.push(...labelErrors(labels, label, value));
  try {
    if (!selectorFromObject(spec.selector).matches(expected)) {
      errors.push(invalid('spec.selector', spec.selector, '`selector` not auto-generated'));
    }
  } catch {
    // A selector that cannot be read is refused for that.
  }
  return errors;
}

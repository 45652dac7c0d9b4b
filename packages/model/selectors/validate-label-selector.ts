import { type FieldError, forbidden, index, invalid, required } from '../field-error.ts';
import { labelValueProblems } from '../metadata/names.ts';
import { labelKeyErrors, labelsErrors } from '../metadata/validate-metadata.ts';
import type { LabelSelectorObject } from './label-selector.ts';

/** Everything wrong with a meta/v1 LabelSelector at `field`; an absent one is fine. */
export function labelSelectorErrors(field: string, selector: LabelSelectorObject | undefined | null): FieldError[] {
  if (selector === undefined || selector === null) return [];
  const errors = labelsErrors(`${field}.matchLabels`, selector.matchLabels);
  (selector.matchExpressions ?? []).forEach((expression, position) => {
    const at = index(`${field}.matchExpressions`, position);
    const values = expression.values ?? [];
    const operator = expression.operator ?? '';
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0) {
        errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
      }
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0) {
        errors.push(forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      }
    } else {
      errors.push(invalid(`${at}.operator`, operator, 'not a valid selector operator'));
    }
    errors.push(...labelKeyErrors(`${at}.key`, expression.key ?? ''));
    values.forEach((value, i) => {
      errors.push(...labelValueProblems(value).map((problem) => invalid(index(`${at}.values`, i), value, problem)));
    });
  });
  return errors;
}

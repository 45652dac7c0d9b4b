import { duplicate, type FieldError, forbidden, invalid, required } from '../field-error.ts';

/** A path that is not there is printed like this by Go. */
const noPath = '<nil>';

/** A rule that could not be asked. @param type of the value, which stands for it in the message */
export function ruleProblem(path: string, type: string, text: string): FieldError {
  return invalid(path || noPath, type, text);
}

/** A rule that failed, under the reason that it names. Objects and lists are not shown. */
export function ruleFailure(path: string, value: unknown, detail: string, reason: string | undefined): FieldError {
  const field = path || noPath;
  const omitted = typeof value === 'object';
  switch (reason) {
    case 'FieldValueForbidden':
      return forbidden(field, detail);
    case 'FieldValueRequired':
      return required(field, detail);
    case 'FieldValueDuplicate':
      return omitted ? { type: 'FieldValueDuplicate', field, message: 'Duplicate value' } : duplicate(field, value);
    default:
      return omitted
        ? { type: 'FieldValueInvalid', field, message: `Invalid value: ${detail}` }
        : invalid(field, value, detail);
  }
}

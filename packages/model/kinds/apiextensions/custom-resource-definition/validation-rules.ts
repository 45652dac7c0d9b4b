import { followSchemaPath } from '../../../custom-resources/schema-path.ts';
import { structuralProblem } from '../../../custom-resources/structural-errors.ts';
import { child, type FieldError, index, invalid, notSupported, required } from '../../../field-error.ts';
import type { JSONSchemaProps, ValidationRule } from '../../../generated/types/apiextensions-v1.ts';

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const lineBreak = /[\n\r]/;

/** Everything wrong with the form of x-kubernetes-validations; whether the expressions compile is not looked at. */
export function validationRuleErrors(schema: JSONSchemaProps, path: string): FieldError[] {
  const rules = schema['x-kubernetes-validations'] ?? [];
  return rules.flatMap((rule, position) =>
    ruleErrors(rule, schema, index(child(path, 'x-kubernetes-validations'), position)),
  );
}

function ruleErrors(rule: ValidationRule, schema: JSONSchemaProps, path: string): FieldError[] {
  const { message = '', messageExpression = '', reason, fieldPath = '' } = rule;
  const errors = textErrors(rule.rule, message, path);
  if (messageExpression !== '' && messageExpression.trim() === '')
    errors.push(required(child(path, 'messageExpression'), 'messageExpression must be non-empty if specified'));
  if (reason !== undefined && !reasons.includes(reason))
    errors.push(notSupported(child(path, 'reason'), reason, reasons));
  if (fieldPath === '') return errors;
  const refuse = (text: string) => errors.push(invalid(child(path, 'fieldPath'), fieldPath, text));
  if (fieldPath.trim() === '') refuse('must be non-empty if specified');
  if (lineBreak.test(fieldPath)) refuse('must not contain line breaks');
  if (!leadsSomewhere(fieldPath, schema)) refuse('must be a valid path');
  return errors;
}

function textErrors(rule: string, message: string, path: string): FieldError[] {
  const place = child(path, 'message');
  if (rule.trim() === '') return [required(child(path, 'rule'), 'rule is not specified')];
  if (message !== '' && message.trim() === '') return [invalid(place, message, 'must be non-empty if specified')];
  if (lineBreak.test(message.trim())) return [invalid(place, message, 'must not contain line breaks')];
  if (lineBreak.test(rule.trim()) && message.trim() === '')
    return [required(place, 'message must be specified if rule contains line breaks')];
  return [];
}

function leadsSomewhere(path: string, schema: JSONSchemaProps): boolean {
  if (structuralProblem(schema) !== undefined) return true;
  try {
    followSchemaPath(path, schema, true);
    return true;
  } catch {
    return false;
  }
}

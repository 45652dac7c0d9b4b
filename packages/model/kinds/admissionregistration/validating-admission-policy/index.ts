import { boolType, nullType, PolicyExpressions, stringType } from '../../../cel/index.ts';
import { duplicate, type FieldError, index, invalid, notSupported, required } from '../../../field-error.ts';
import { qualifiedNameProblems } from '../../../metadata/names.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { ageColumn } from '../../../table/table.ts';
import {
  commonPolicyErrors,
  expressionErrors,
  expressionMinor,
  type Fields,
  matchResourcesDefaults,
  specOf,
  textsOf,
} from '../policy-errors.ts';
import { policyStatusErrors } from './policy-status-errors.ts';

const maxAuditAnnotations = 20;
/** Bytes of an audit annotation's expression. */
const maxValueExpression = 5 * 1024;
const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];

function messageErrors(at: string, message: string): FieldError[] {
  const trimmed = message.trim();
  if (message !== '' && trimmed === '') return [invalid(at, message, 'message must be non-empty if specified')];
  return /[\n\r]/.test(trimmed) ? [invalid(at, message, 'message must not contain line breaks')] : [];
}

function validationErrors(
  at: string,
  { expression = '', message = '', messageExpression = '', reason }: Fields,
  expressions: PolicyExpressions,
  known: ReadonlySet<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  if (expression.trim() === '') errors.push(required(`${at}.expression`, 'expression is not specified'));
  else {
    const compiled = expressions.compile(expression, { authorizer: true, stored: known.has(expression) }, boolType);
    errors.push(...expressionErrors(`${at}.expression`, expression, compiled));
  }
  const field = `${at}.messageExpression`;
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(invalid(field, messageExpression, 'must be non-empty if specified'));
  } else if (messageExpression !== '') {
    const stored = known.has(messageExpression);
    const compiled = expressions.compile(messageExpression, { authorizer: false, stored }, stringType);
    errors.push(...expressionErrors(field, messageExpression, compiled));
  }
  errors.push(...messageErrors(`${at}.message`, message));
  if (reason !== undefined && !reasons.includes(reason)) errors.push(notSupported(`${at}.reason`, reason, reasons));
  return errors;
}

function annotationErrors(
  at: string,
  name: string,
  { key = '', valueExpression = '' }: Fields,
  expressions: PolicyExpressions,
  known: ReadonlySet<string>,
): FieldError[] {
  const errors: FieldError[] =
    name === ''
      ? [invalid(`${at}.key`, key, 'requires metadata.name be non-empty')]
      : qualifiedNameProblems(`${name}/${key}`).map((problem) => invalid(`${at}.key`, `${name}/${key}`, problem));
  const field = `${at}.valueExpression`;
  const text = valueExpression.trim();
  if (text === '') return [...errors, required(field, 'valueExpression is not specified')];
  if (Buffer.byteLength(text) > maxValueExpression) {
    return [...errors, required(field, `must not exceed ${maxValueExpression} bytes in length`)];
  }
  const use = { authorizer: true, stored: known.has(valueExpression) };
  return [
    ...errors,
    ...expressionErrors(field, valueExpression, expressions.compile(text, use, [stringType, nullType])),
  ];
}

function outcomeErrors(
  object: Readonly<ApiObject>,
  expressions: PolicyExpressions,
  known: ReadonlySet<string>,
): FieldError[] {
  const { validations = [], auditAnnotations = [] } = specOf(object) as {
    validations?: Fields[];
    auditAnnotations?: Fields[];
  };
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const text = 'validations or auditAnnotations must contain at least one item';
    return [required('spec.validations', text), required('spec.auditAnnotations', text)];
  }
  const errors = validations.flatMap((validation, position) =>
    validationErrors(index('spec.validations', position), validation, expressions, known),
  );
  const at = 'spec.auditAnnotations';
  if (auditAnnotations.length > maxAuditAnnotations) {
    errors.push(invalid(at, auditAnnotations, `must not have more than ${maxAuditAnnotations} auditAnnotations`));
  }
  const keys = new Set<string>();
  auditAnnotations.forEach((annotation, position) => {
    const name = object.metadata?.name ?? '';
    errors.push(...annotationErrors(index(at, position), name, annotation, expressions, known));
    if (keys.has(annotation['key'])) errors.push(duplicate(`${index(at, position)}.key`, annotation['key']));
    keys.add(annotation['key']);
  });
  return errors;
}

function errorsOf(object: Readonly<ApiObject>, previous?: Readonly<ApiObject>): FieldError[] {
  const spec = specOf(object);
  const before = previous === undefined ? undefined : specOf(previous);
  const known = textsOf(before);
  const composed = (spec['variables'] ?? []).length > 0;
  const expressions = new PolicyExpressions({
    minor: expressionMinor,
    params: spec['paramKind'] !== undefined,
    composed,
  });
  const ignoreConditions =
    before !== undefined &&
    sameValue(spec['paramKind'], before['paramKind']) &&
    sameValue(spec['matchConditions'], before['matchConditions']);
  return [
    ...commonPolicyErrors(spec, expressions, known, { ignoreConditions }),
    ...outcomeErrors(object, expressions, known),
  ];
}

export const validatingAdmissionPolicy: Strategy = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  generation: true,
  unconditionalUpdate: false,
  defaults(object) {
    const spec = (object['spec'] ??= {});
    spec.failurePolicy ??= 'Fail';
    matchResourcesDefaults(spec.matchConstraints);
  },
  prepareForCreate(object) {
    object['status'] = {};
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
  },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate: (object) => errorsOf(object),
  validateUpdate: errorsOf,
  validateStatusUpdate: policyStatusErrors,
  columns: [
    {
      name: 'Validations',
      type: 'integer',
      priority: 0,
      description: 'How many validations the policy has.',
      cell: (object) => (specOf(object)['validations'] ?? []).length,
    },
    {
      name: 'ParamKind',
      type: 'string',
      priority: 0,
      description: 'The kind of the parameters of the policy.',
      cell: (object) => paramKindText(specOf(object)['paramKind']),
    },
    ageColumn,
  ],
};

function paramKindText(kind: Fields | undefined): string {
  return kind === undefined ? '<unset>' : `${kind['apiVersion'] ?? ''}/${kind['kind'] ?? ''}`;
}

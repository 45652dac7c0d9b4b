import { applyConfigurationType, jsonPatchType, listType, PolicyExpressions } from '../../../cel/index.ts';
import { type FieldError, index, invalid, required } from '../../../field-error.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { ageColumn } from '../../../table/table.ts';
import {
  choiceErrors,
  commonPolicyErrors,
  expressionErrors,
  expressionMinor,
  type Fields,
  matchResourcesDefaults,
  specOf,
  textsOf,
} from '../policy-errors.ts';

const operations = ['*', 'CONNECT', 'CREATE', 'UPDATE'];
const patches = [
  { type: 'ApplyConfiguration', field: 'applyConfiguration', result: applyConfigurationType },
  { type: 'JSONPatch', field: 'jsonPatch', result: listType(jsonPatchType) },
];

function mutationErrors(
  at: string,
  mutation: Fields,
  expressions: PolicyExpressions,
  known: ReadonlySet<string>,
): FieldError[] {
  const type: string = mutation['patchType'] ?? '';
  const errors = choiceErrors(`${at}.patchType`, type, ['ApplyConfiguration', 'JSONPatch']);
  if (errors.length > 0) return errors;
  return patches.flatMap((patch) => {
    const field = `${at}.${patch.field}`;
    const given: Fields | undefined = mutation[patch.field];
    if (patch.type !== type) {
      if (given === undefined) return [];
      return [invalid(field, `{${patch.field}}`, `must not be specified when patchType is ${type}`)];
    }
    if (given === undefined) return [required(field, `must be specified when patchType is ${type}`)];
    const text: string = given['expression'] ?? '';
    if (text.trim() === '') return [required(`${field}.expression`)];
    const use = { authorizer: true, patchTypes: true, stored: known.has(text) };
    return expressionErrors(`${field}.expression`, text, expressions.compile(text, use, patch.result));
  });
}

function errorsOf(object: Readonly<ApiObject>, previous?: Readonly<ApiObject>): FieldError[] {
  const spec = specOf(object);
  const before = previous === undefined ? undefined : specOf(previous);
  const known = textsOf(before);
  const expressions = new PolicyExpressions({
    minor: expressionMinor,
    params: spec['paramKind'] !== undefined,
    composed: (spec['variables'] ?? []).length > 0,
  });
  const ignoreConditions =
    before !== undefined &&
    sameValue(spec['paramKind'], before['paramKind']) &&
    sameValue(spec['matchConditions'], before['matchConditions']);
  const mutations: Fields[] = spec['mutations'] ?? [];
  return [
    ...commonPolicyErrors(spec, expressions, known, { ignoreConditions, operations }),
    ...(mutations.length === 0 ? [required('spec.mutations', 'mutations must contain at least one item')] : []),
    ...mutations.flatMap((mutation, position) =>
      mutationErrors(index('spec.mutations', position), mutation, expressions, known),
    ),
    ...choiceErrors('spec.reinvocationPolicy', spec['reinvocationPolicy'], ['IfNeeded', 'Never']),
  ];
}

export const mutatingAdmissionPolicy: Strategy = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingAdmissionPolicy',
  generation: true,
  unconditionalUpdate: false,
  defaults(object) {
    const spec = (object['spec'] ??= {});
    spec.failurePolicy ??= 'Fail';
    matchResourcesDefaults(spec.matchConstraints);
  },
  validate: (object) => errorsOf(object),
  validateUpdate: errorsOf,
  columns: [
    {
      name: 'Mutations',
      type: 'integer',
      priority: 0,
      description: 'How many mutations the policy has.',
      cell: (object) => (specOf(object)['mutations'] ?? []).length,
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

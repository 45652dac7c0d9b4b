/** What bindings of validating and mutating policies have in common. */
import { duplicate, type FieldError, index, invalid, notSupported, required } from '../../field-error.ts';
import { dnsSubdomainProblems } from '../../metadata/names.ts';
import type { ApiObject } from '../../object.ts';
import type { Strategy } from '../../strategy.ts';
import { ageColumn } from '../../table/table.ts';
import { type Fields, matchResourcesDefaults, matchResourcesErrors, paramRefErrors, specOf } from './policy-errors.ts';

const actions = ['Audit', 'Deny', 'Warn'];

function actionErrors(given: readonly string[]): FieldError[] {
  const at = 'spec.validationActions';
  const errors = given.flatMap((action, position) => [
    ...(actions.includes(action) ? [] : [notSupported(index(at, position), action, actions)]),
    ...(given.indexOf(action) < position ? [duplicate(index(at, position), action)] : []),
  ]);
  if (given.includes('Deny') && given.includes('Warn')) {
    const why = 'repeating the same validation failure information in the API response and headers serves no purpose';
    errors.push(invalid(at, given, `must not contain both Deny and Warn (${why})`));
  }
  return given.length === 0 ? [...errors, required(at, 'at least one validation action is required')] : errors;
}

function errorsOf(object: Readonly<ApiObject>, mutating: boolean): FieldError[] {
  const { policyName = '', paramRef, matchResources, validationActions = [] } = specOf(object);
  const at = 'spec.policyName';
  // Upstream's own path for validating bindings has this spelling.
  const matchAt = mutating ? 'spec.matchResources' : 'spec.matchResouces';
  const operations = mutating ? ['*', 'CONNECT', 'CREATE', 'UPDATE'] : undefined;
  return [
    ...(policyName === ''
      ? [required(at)]
      : dnsSubdomainProblems(policyName).map((problem) => invalid(at, policyName, problem))),
    ...paramRefErrors('spec.paramRef', paramRef),
    ...(matchResources === undefined ? [] : matchResourcesErrors(matchAt, matchResources, operations)),
    ...(mutating ? [] : actionErrors(validationActions)),
  ];
}

function paramRefText(reference: Fields | undefined): string {
  if (reference === undefined) return '<unset>';
  const { name, namespace } = reference;
  if (name) return namespace ? `${namespace}/${name}` : `*/${name}`;
  return reference['selector'] === undefined ? '<unset>' : '<selector>';
}

/** The strategy of one of the two kinds. */
export function policyBinding(kind: string, mutating: boolean): Strategy {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    generation: true,
    unconditionalUpdate: false,
    defaults(object) {
      const spec = (object['spec'] ??= {});
      matchResourcesDefaults(spec.matchResources);
      if (spec.paramRef !== undefined && mutating) spec.paramRef.parameterNotFoundAction ??= 'Deny';
    },
    validate: (object) => errorsOf(object, mutating),
    validateUpdate: (object) => errorsOf(object, mutating),
    columns: [
      {
        name: 'PolicyName',
        type: 'string',
        priority: 0,
        description: 'The policy that is bound.',
        cell: (object) => specOf(object)['policyName'] ?? '',
      },
      {
        name: 'ParamRef',
        type: 'string',
        priority: 0,
        description: 'The parameters that the policy is given.',
        cell: (object) => paramRefText(specOf(object)['paramRef']),
      },
      ageColumn,
    ],
  };
}

import { dnsLabelProblems, dnsSubdomainProblems } from '../../metadata/names.ts';
import type { CelAuthorizationQuery, CelDecision } from '../contract.ts';
import { CelFailure, CelOpaque, type CelValue } from '../values/value.ts';
import { type Evaluation, type Implementation, type Overload, overload } from './declaration.ts';

/** What users may do: `authorizer.group('apps').resource('deployments').namespace('x').check('create').allowed()`. */

type Query = Omit<CelAuthorizationQuery, 'verb'>;

const empty: Query = { group: '', resource: '', subresource: '', namespace: '', name: '' };

/** An authoriser, or a check on its way to be made. */
class AuthorizationValue extends CelOpaque {
  readonly typeName: string;
  readonly query: Query;
  constructor(stage: 'Authorizer' | 'PathCheck' | 'GroupCheck' | 'ResourceCheck', query: Query) {
    super();
    this.typeName = `kubernetes.authorization.${stage}`;
    this.query = query;
  }
  equals(other: CelOpaque): boolean {
    return other instanceof AuthorizationValue && JSON.stringify(this.query) === JSON.stringify(other.query);
  }
  toString(): string {
    return this.typeName;
  }
}

class DecisionValue extends CelOpaque {
  readonly typeName = 'kubernetes.authorization.Decision';
  readonly decision: CelDecision;
  constructor(decision: CelDecision) {
    super();
    this.decision = decision;
  }
  equals(other: CelOpaque): boolean {
    return other === this;
  }
  toString(): string {
    return this.typeName;
  }
}

/** The value to bind to `authorizer`: it asks about who makes the request. */
export const authorizerValue: CelValue = new AuthorizationValue('Authorizer', empty);

/** The value to bind to `authorizer.requestResource`. */
export function requestResourceValue(resource: {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}): CelValue {
  const { group, resource: plural, subresource, namespace, name } = resource;
  return new AuthorizationValue('ResourceCheck', { group, resource: plural, subresource, namespace, name });
}

function queryOf(value: CelValue | undefined): Query {
  return (value as AuthorizationValue).query;
}

function step(stage: 'PathCheck' | 'GroupCheck' | 'ResourceCheck', field: keyof Query, needed = false): Implementation {
  return ([value, text]) => {
    if (needed && (text as string).trim() === '') return new CelFailure(`${field} must not be empty`);
    return new AuthorizationValue(stage, { ...queryOf(value), [field]: text });
  };
}

const serviceAccount: Implementation = ([value, namespace, name]) => {
  if (dnsSubdomainProblems(name as string).length > 0) return new CelFailure('Invalid service account name');
  if (dnsLabelProblems(namespace as string).length > 0) return new CelFailure('Invalid service account namespace');
  const account = { namespace: namespace as string, name: name as string };
  return new AuthorizationValue('Authorizer', { ...queryOf(value), serviceAccount: account });
};

function check([value, verb]: readonly CelValue[], { authorizer }: Evaluation): CelValue {
  if (authorizer === undefined) return new CelFailure('no authorizer');
  return new DecisionValue(authorizer.check({ ...queryOf(value), verb: verb as string }));
}

function decisionOf(value: CelValue | undefined): CelDecision {
  return (value as DecisionValue).decision;
}

export const authorizerOverloads: readonly Overload[] = [
  overload('authorizer_path', '(authorizer).path(string) -> pathCheck', step('PathCheck', 'path', true)),
  overload('authorizer_group', '(authorizer).group(string) -> groupCheck', step('GroupCheck', 'group')),
  overload('authorizer_serviceaccount', '(authorizer).serviceAccount(string, string) -> authorizer', serviceAccount),
  overload(
    'groupcheck_resource',
    '(groupCheck).resource(string) -> resourceCheck',
    step('ResourceCheck', 'resource', true),
  ),
  overload(
    'resourcecheck_subresource',
    '(resourceCheck).subresource(string) -> resourceCheck',
    step('ResourceCheck', 'subresource'),
  ),
  overload(
    'resourcecheck_namespace',
    '(resourceCheck).namespace(string) -> resourceCheck',
    step('ResourceCheck', 'namespace'),
  ),
  overload('resourcecheck_name', '(resourceCheck).name(string) -> resourceCheck', step('ResourceCheck', 'name')),
  overload('pathcheck_check', '(pathCheck).check(string) -> decision', check),
  overload('resourcecheck_check', '(resourceCheck).check(string) -> decision', check),
  overload('decision_errored', '(decision).errored() -> bool', ([value]) => decisionOf(value).error !== undefined),
  overload('decision_error', '(decision).error() -> string', ([value]) => decisionOf(value).error ?? ''),
  overload('decision_allowed', '(decision).allowed() -> bool', ([value]) => decisionOf(value).allowed),
  overload('decision_reason', '(decision).reason() -> string', ([value]) => decisionOf(value).reason),
];

export const selectorOverloads: readonly Overload[] = [
  overload(
    'authorizer_fieldselector',
    '(resourceCheck).fieldSelector(string) -> resourceCheck',
    step('ResourceCheck', 'fieldSelector'),
  ),
  overload(
    'authorizer_labelselector',
    '(resourceCheck).labelSelector(string) -> resourceCheck',
    step('ResourceCheck', 'labelSelector'),
  ),
];

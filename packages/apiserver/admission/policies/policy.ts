import { type ApiObject, newestMinor } from '@keelson/model';
import {
  boolType,
  type CelProgram,
  type CelType,
  type ExpressionProblem,
  type ExpressionUse,
  PolicyExpressions,
} from '@keelson/model/cel/index.ts';
import type { CompiledExpression } from '../expressions/expression-run.ts';
import type { NamedCondition } from '../expressions/match-conditions.ts';
import { type CompiledConstraints, compileConstraints } from '../matching/index.ts';

export type Fields = Readonly<Record<string, any>>;

/** What all admission policies have, compiled. */
export interface CompiledPolicy {
  readonly name: string;
  readonly spec: Fields;
  readonly constraints: CompiledConstraints;
  readonly conditions: readonly NamedCondition[];
  readonly variables: ReadonlyMap<string, CelProgram | ExpressionProblem>;
  /** A failure lets the write pass. */
  readonly ignoresFailure: boolean;
  /** Compiles one more expression of the policy, once. */
  compile(text: string, use: Omit<ExpressionUse, 'stored'>, expected: CelType | readonly CelType[]): CompiledExpression;
}

/** A binding of a policy. */
export interface Binding {
  readonly name: string;
  readonly spec: Fields;
  /** Absent: whatever the policy matches. */
  readonly constraints: CompiledConstraints | undefined;
}

const everything = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] };

/** MatchResources; without rules it is for every resource. */
function constraintsOf(match: Fields): CompiledConstraints {
  const rules = match['resourceRules'] ?? [];
  return compileConstraints({
    rules: rules.length === 0 ? [everything] : rules,
    excludeRules: match['excludeResourceRules'] ?? [],
    matchPolicy: match['matchPolicy'],
    namespaceSelector: match['namespaceSelector'],
    objectSelector: match['objectSelector'],
  });
}

/** @throws SelectorError for selectors that validation does not let in */
export function compilePolicy(object: Readonly<ApiObject>): CompiledPolicy {
  const spec: Fields = object['spec'] ?? {};
  const declared: { name: string; expression: string }[] = spec['variables'] ?? [];
  const params = spec['paramKind'] !== undefined;
  const expressions = new PolicyExpressions({ minor: newestMinor, params, composed: declared.length > 0 });
  const variables = new Map<string, CelProgram | ExpressionProblem>();
  for (const { name, expression } of declared) variables.set(name, expressions.add(name, expression, true));
  const compile: CompiledPolicy['compile'] = (text, use, expected) => ({
    text,
    compiled: expressions.compile(text, { ...use, stored: true }, expected),
  });
  const conditions: { name: string; expression: string }[] = spec['matchConditions'] ?? [];
  return {
    name: object.metadata?.name ?? '',
    spec,
    constraints: constraintsOf(spec['matchConstraints'] ?? {}),
    conditions: conditions.map(({ name, expression }) => ({
      name,
      ...compile(expression, { authorizer: true }, boolType),
    })),
    variables,
    ignoresFailure: spec['failurePolicy'] === 'Ignore',
    compile,
  };
}

export function compileBinding(object: Readonly<ApiObject>): Binding {
  const spec: Fields = object['spec'] ?? {};
  const match: Fields | undefined = spec['matchResources'];
  return {
    name: object.metadata?.name ?? '',
    spec,
    constraints: match === undefined ? undefined : constraintsOf(match),
  };
}

import { type FieldError, invalid, notSupported, required } from '../../../field-error.ts';
import { dnsSubdomainProblems } from '../../../metadata/names.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { ageColumn } from '../../../table/table.ts';
import { mandatoryFlowSchemas } from '../bootstrap-configuration.ts';
import { conditionErrors } from '../conditions.ts';
import { mandatorySpecErrors } from '../mandatory-spec.ts';
import { policyRuleErrors } from './policy-rules.ts';

const highestPrecedence = 10_000;
const defaultPrecedence = 1000;
const methods = ['ByNamespace', 'ByUser'];

function precedenceErrors(value: number, name: string): FieldError[] {
  const field = 'spec.matchingPrecedence';
  if (value <= 0) return [invalid(field, value, 'must be a positive value')];
  if (value > highestPrecedence) return [invalid(field, value, `must not be greater than ${highestPrecedence}`)];
  if (value !== 1 || name === 'exempt') return [];
  return [invalid(field, value, "only the schema named 'exempt' may have matchingPrecedence 1")];
}

function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec = object['spec'] ?? {};
  const errors = precedenceErrors(spec.matchingPrecedence ?? 0, object.metadata?.name ?? '');
  const method = spec.distinguisherMethod;
  if (method !== undefined && !methods.includes(method.type))
    errors.push(notSupported('spec.distinguisherMethod.type', method, methods));
  const level: string = spec.priorityLevelConfiguration?.name ?? '';
  const field = 'spec.priorityLevelConfiguration.name';
  if (level === '') errors.push(required(field, 'must reference a priority level'));
  else errors.push(...dnsSubdomainProblems(level).map((problem) => invalid(field, level, problem)));
  for (const [index, rule] of (spec.rules ?? []).entries())
    errors.push(...policyRuleErrors(`spec.rules[${index}]`, rule));
  return [...errors, ...mandatorySpecErrors(object, mandatoryFlowSchemas), ...conditionErrors(object)];
}

function missingLevel(object: Readonly<ApiObject>): string {
  const conditions: readonly { type?: string; status?: string }[] = object['status']?.conditions ?? [];
  return conditions.find(({ type }) => type === 'Dangling')?.status ?? '?';
}

export const flowSchema: Strategy = {
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
  kind: 'FlowSchema',
  generation: true,
  defaults(object) {
    const spec = (object['spec'] ??= {});
    spec.matchingPrecedence ||= defaultPrecedence;
  },
  prepareForCreate(object) {
    object['status'] = {};
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
  },
  resetFields: { status: ['metadata', 'spec'] },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate,
  validateUpdate: validate,
  validateStatusUpdate: conditionErrors,
  columns: [
    {
      name: 'PriorityLevel',
      type: 'string',
      priority: 0,
      description: 'The priority level that requests of this schema are handled at.',
      cell: (object) => object['spec']?.priorityLevelConfiguration?.name ?? '',
    },
    {
      name: 'MatchingPrecedence',
      type: 'integer',
      priority: 0,
      description: 'Schemas with a lower number are tried first.',
      cell: (object) => object['spec']?.matchingPrecedence ?? 0,
    },
    {
      name: 'DistinguisherMethod',
      type: 'string',
      priority: 0,
      description: 'What tells the flows of this schema apart.',
      cell: (object) => object['spec']?.distinguisherMethod?.type ?? '<none>',
    },
    ageColumn,
    {
      name: 'MissingPL',
      type: 'string',
      priority: 0,
      description: 'Whether the priority level does not exist.',
      cell: missingLevel,
    },
  ],
};

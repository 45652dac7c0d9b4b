import { type FieldError, invalid, notSupported } from '../../../field-error.ts';
import type { ApiObject } from '../../../object.ts';
import { labelSelectorErrors } from '../../../selectors/validate-label-selector.ts';
import type { Strategy } from '../../../strategy.ts';
import { notMoreThanAll, positiveIntOrPercent, statusCounts } from '../../apps/workload-validation.ts';

const POLICIES = ['AlwaysAllow', 'IfHealthyBudget'];

function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec = object['spec'] ?? {};
  const errors: FieldError[] = [];
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    errors.push(invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
  }
  for (const name of ['minAvailable', 'maxUnavailable']) {
    if (spec[name] === undefined) continue;
    errors.push(...positiveIntOrPercent(`spec.${name}`, spec[name]), ...notMoreThanAll(`spec.${name}`, spec[name]));
  }
  errors.push(...labelSelectorErrors('spec.selector', spec.selector));
  const policy = spec.unhealthyPodEvictionPolicy;
  if (policy !== undefined && !POLICIES.includes(policy)) {
    errors.push(notSupported('spec.unhealthyPodEvictionPolicy', policy, POLICIES));
  }
  return errors;
}

function bound(name: string, field: string, description: string) {
  return {
    name,
    type: 'string' as const,
    priority: 0 as const,
    description,
    cell: (object: Readonly<ApiObject>) => String(object['spec']?.[field] ?? 'N/A'),
  };
}

export const podDisruptionBudget: Strategy = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  nameForm: 'pathSegment',
  generation: true,
  unconditionalUpdate: false,
  prepareForCreate(object) {
    object['status'] = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
  },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate,
  validateUpdate: validate,
  validateStatusUpdate: (object) =>
    statusCounts(object['status'] ?? {}, ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods']),
  columns: [
    bound('Min Available', 'minAvailable', 'How many pods must stay available.'),
    bound('Max Unavailable', 'maxUnavailable', 'How many pods may be unavailable.'),
    {
      name: 'Allowed Disruptions',
      type: 'integer',
      priority: 0,
      description: 'How many pods may be evicted now.',
      cell: (object) => object['status']?.disruptionsAllowed ?? 0,
    },
  ],
};

import { type FieldError, forbidden, notSupported, required } from '../../../field-error.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { ageColumn } from '../../../table/table.ts';

const HIGHEST_FOR_USERS = 1_000_000_000;
const SYSTEM: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

/** Why a class named `system-…` is none of the two that Kubernetes itself has. */
function systemProblem(object: Readonly<ApiObject>): string | undefined {
  const name = object.metadata?.name ?? '';
  const value = Object.hasOwn(SYSTEM, name) ? SYSTEM[name] : undefined;
  if (value === undefined) return `${name} is not a known system priority class`;
  if ((object['value'] ?? 0) !== value) return `value of ${name} PriorityClass must be ${value}`;
  return object['globalDefault'] === true ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function validate(object: Readonly<ApiObject>): FieldError[] {
  const errors: FieldError[] = [];
  if (object.metadata?.name?.startsWith('system-') === true) {
    const problem = systemProblem(object);
    const text = "priority class names with 'system-' prefix are reserved for system use only. error: ";
    if (problem !== undefined) errors.push(forbidden('metadata.name', text + problem));
  } else if ((object['value'] ?? 0) > HIGHEST_FOR_USERS) {
    errors.push(forbidden('value', `maximum allowed value of a user defined priority is ${HIGHEST_FOR_USERS}`));
  }
  const policy: string = object['preemptionPolicy'] ?? '';
  if (policy === '') errors.push(required('preemptionPolicy'));
  else if (policy !== 'Never' && policy !== 'PreemptLowerPriority') {
    errors.push(notSupported('preemptionPolicy', policy, ['PreemptLowerPriority', 'Never']));
  }
  return errors;
}

export const priorityClass: Strategy = {
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  generation: true,
  defaults(object) {
    object['preemptionPolicy'] ??= 'PreemptLowerPriority';
  },
  validate,
  validateUpdate(object, previous) {
    const errors: FieldError[] = [];
    if ((object['value'] ?? 0) !== (previous['value'] ?? 0)) {
      errors.push(forbidden('value', 'may not be changed in an update.'));
    }
    return [...errors, ...immutable('preemptionPolicy', object['preemptionPolicy'], previous['preemptionPolicy'])];
  },
  columns: [
    {
      name: 'Value',
      type: 'integer',
      priority: 0,
      description: 'The priority of pods that name this class.',
      cell: (object) => object['value'] ?? 0,
    },
    {
      name: 'Global-Default',
      type: 'boolean',
      priority: 0,
      description: 'Whether pods that name no class get this one.',
      cell: (object) => object['globalDefault'] ?? false,
    },
    ageColumn,
    {
      name: 'PreemptionPolicy',
      type: 'string',
      priority: 0,
      description: 'Whether pods of this class may displace others of a lower priority.',
      cell: (object) => object['preemptionPolicy'] ?? '',
    },
  ],
};

import { type FieldError, forbidden, invalid } from '../../../field-error.ts';
import { qualifiedNameProblems } from '../../../metadata/names.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';

function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec = object['spec'] ?? {};
  const errors: FieldError[] = [];
  if (spec.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0) {
    errors.push(invalid('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0'));
  }
  if (spec.leaseTransitions !== undefined && spec.leaseTransitions < 0) {
    errors.push(invalid('spec.leaseTransitions', spec.leaseTransitions, 'must be greater than or equal to 0'));
  }
  const strategy: string = spec.strategy ?? '';
  if (strategy !== '' && strategy !== 'OldestEmulationVersion') {
    errors.push(...qualifiedNameProblems(strategy).map((problem) => invalid('spec.strategy', strategy, problem)));
  }
  if ((spec.preferredHolder ?? '') !== '' && strategy === '') {
    errors.push(forbidden('spec.preferredHolder', 'may only be specified when `strategy` is defined'));
  }
  return errors;
}

export const lease: Strategy = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  createOnUpdate: true,
  unconditionalUpdate: false,
  validate,
  validateUpdate: validate,
  columns: [
    {
      name: 'Holder',
      type: 'string',
      priority: 0,
      description: 'Who holds the lease now.',
      cell: (object) => object['spec']?.holderIdentity ?? '',
    },
  ],
};

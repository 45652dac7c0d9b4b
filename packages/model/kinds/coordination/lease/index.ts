import { type FieldError, forbidden, invalid, notSupported } from '../../../field-error.ts';
import { qualifiedNameProblems } from '../../../metadata/names.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';

const STRATEGIES = ['OldestEmulationVersion'];

/** A strategy of Kubernetes' own, or one that carries its owner's domain. */
function strategyErrors(field: string, strategy: string): FieldError[] {
  if (!strategy.includes('/')) return STRATEGIES.includes(strategy) ? [] : [notSupported(field, strategy, STRATEGIES)];
  return qualifiedNameProblems(strategy).map((problem) => invalid(field, strategy, problem));
}

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
  // The path is upstream's, which names the field twice.
  if (spec.strategy !== undefined) errors.push(...strategyErrors('spec.strategy.strategy', strategy));
  if ((spec.preferredHolder ?? '') !== '' && strategy === '') {
    errors.push(forbidden('spec.preferredHolder', 'may only be specified if `strategy` is defined'));
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

import { type FieldError, forbidden, invalid, notSupported, required } from '../../../field-error.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import {
  collisionCountErrors,
  lastingTemplateErrors,
  nonNegative,
  notMoreThanAll,
  numberIn,
  positiveIntOrPercent,
  replicaCountErrors,
  selectorErrors,
  statusCounts,
  templateLabelErrors,
} from '../workload-validation.ts';

const STRATEGY = 'spec.strategy';

function rollingUpdateErrors(rolling: Record<string, any>): FieldError[] {
  const at = `${STRATEGY}.rollingUpdate`;
  const { maxUnavailable, maxSurge } = rolling;
  const errors = [
    ...positiveIntOrPercent(`${at}.maxUnavailable`, maxUnavailable),
    ...positiveIntOrPercent(`${at}.maxSurge`, maxSurge),
  ];
  if (numberIn(maxUnavailable) === 0 && numberIn(maxSurge) === 0) {
    errors.push(invalid(`${at}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  }
  return [...errors, ...notMoreThanAll(`${at}.maxUnavailable`, maxUnavailable)];
}

function strategyErrors(strategy: Record<string, any>): FieldError[] {
  switch (strategy['type']) {
    case 'Recreate':
      if (strategy['rollingUpdate'] === undefined) return [];
      return [forbidden(`${STRATEGY}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")];
    case 'RollingUpdate':
      return strategy['rollingUpdate'] === undefined
        ? [required(`${STRATEGY}.rollingUpdate`, 'this should be defaulted and never be nil')]
        : rollingUpdateErrors(strategy['rollingUpdate']);
    default:
      return [notSupported(STRATEGY, strategy, ['Recreate', 'RollingUpdate'])];
  }
}

export function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec = object['spec'] ?? {};
  const template = spec.template ?? {};
  const errors = [
    ...nonNegative('spec.replicas', spec.replicas),
    ...selectorErrors(spec.selector, 'deployment'),
    ...templateLabelErrors(spec.selector, template),
    ...lastingTemplateErrors(template, 'ReplicaSet'),
    ...strategyErrors(spec.strategy ?? {}),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
  ];
  const deadline: number | undefined = spec.progressDeadlineSeconds;
  if (deadline === undefined) return errors;
  errors.push(...nonNegative('spec.progressDeadlineSeconds', deadline));
  if (deadline <= (spec.minReadySeconds ?? 0)) {
    errors.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  }
  return errors;
}

export function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  return [...validate(object), ...immutable('spec.selector', object['spec']?.selector, previous['spec']?.selector)];
}

export function validateStatusUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const status = object['status'] ?? {};
  return [
    ...statusCounts(status, [
      'observedGeneration',
      'replicas',
      'updatedReplicas',
      'readyReplicas',
      'availableReplicas',
      'unavailableReplicas',
      'terminatingReplicas',
      'collisionCount',
    ]),
    ...replicaCountErrors(status, ['updatedReplicas', 'readyReplicas', 'availableReplicas']),
    ...collisionCountErrors(status, previous['status'] ?? {}),
  ];
}

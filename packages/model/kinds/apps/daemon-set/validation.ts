import { type FieldError, invalid, notSupported, required } from '../../../field-error.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import {
  collisionCountErrors,
  lastingTemplateErrors,
  nonNegative,
  notMoreThanAll,
  numberIn,
  positiveIntOrPercent,
  selectorErrors,
  statusCounts,
  templateLabelErrors,
} from '../workload-validation.ts';

function updateStrategyErrors(strategy: Record<string, any>): FieldError[] {
  const at = 'spec.updateStrategy';
  if (strategy['type'] === 'OnDelete') return [];
  if (strategy['type'] !== 'RollingUpdate') {
    return [notSupported(`${at}.type`, strategy['type'] ?? '', ['RollingUpdate', 'OnDelete'])];
  }
  const rolling = strategy['rollingUpdate'];
  if (rolling === undefined) return [required(`${at}.rollingUpdate`)];
  const [unavailable, surge] = [`${at}.rollingUpdate.maxUnavailable`, `${at}.rollingUpdate.maxSurge`];
  const { maxUnavailable, maxSurge } = rolling;
  const errors = [
    ...positiveIntOrPercent(unavailable, maxUnavailable),
    ...positiveIntOrPercent(surge, maxSurge),
    ...notMoreThanAll(unavailable, maxUnavailable),
    ...notMoreThanAll(surge, maxSurge),
  ];
  const [mayLack, mayExceed] = [numberIn(maxUnavailable) !== 0, numberIn(maxSurge) !== 0];
  if (mayLack && mayExceed) errors.push(invalid(surge, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  if (!mayLack && !mayExceed) errors.push(required(unavailable, 'cannot be 0 when maxSurge is 0'));
  return errors;
}

export function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec = object['spec'] ?? {};
  const template = spec.template ?? {};
  return [
    ...selectorErrors(spec.selector, 'daemonset'),
    ...templateLabelErrors(spec.selector, template),
    ...lastingTemplateErrors(template, 'DaemonSet'),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...updateStrategyErrors(spec.updateStrategy ?? {}),
    ...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
  ];
}

export function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  return [...validate(object), ...immutable('spec.selector', object['spec']?.selector, previous['spec']?.selector)];
}

export function validateStatusUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const status = object['status'] ?? {};
  return [
    ...statusCounts(status, [
      'currentNumberScheduled',
      'numberMisscheduled',
      'desiredNumberScheduled',
      'numberReady',
      'observedGeneration',
      'updatedNumberScheduled',
      'numberAvailable',
      'numberUnavailable',
      'collisionCount',
    ]),
    ...collisionCountErrors(status, previous['status'] ?? {}),
  ];
}

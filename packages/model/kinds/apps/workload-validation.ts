/** What Deployment, ReplicaSet and DaemonSet check alike. */
import { type FieldError, forbidden, invalid, notSupported, required } from '../../field-error.ts';
import { percentProblems } from '../../metadata/names.ts';
import { selectorFromObject } from '../../selectors/label-selector.ts';
import { labelSelectorErrors } from '../../selectors/validate-label-selector.ts';
import { podTemplateErrors } from '../core/pod/validation/pod-template.ts';

export const NOT_NEGATIVE = 'must be greater than or equal to 0';

export function nonNegative(field: string, value: number | undefined): FieldError[] {
  return (value ?? 0) < 0 ? [invalid(field, value, NOT_NEGATIVE)] : [];
}

/** A count or a share (`25%`). */
export function positiveIntOrPercent(field: string, value: number | string | undefined): FieldError[] {
  if (typeof value === 'string') return percentProblems(value).map((problem) => invalid(field, value, problem));
  return nonNegative(field, value);
}

export function notMoreThanAll(field: string, value: number | string | undefined): FieldError[] {
  const percent = typeof value === 'string' ? /^([0-9]+)%$/.exec(value) : null;
  return percent !== null && Number(percent[1]) > 100 ? [invalid(field, value, 'must not be greater than 100%')] : [];
}

/** The number in a count or share: `25%` is 25; what is neither is 0. */
export function numberIn(value: number | string | undefined): number {
  if (typeof value !== 'string') return value ?? 0;
  return Number(/^([0-9]+)%$/.exec(value)?.[1] ?? 0);
}

/** Whether the selector is there, can be read and is not empty; `kind` is the word in upstream's message. */
export function selectorErrors(selector: object | undefined, kind: string): FieldError[] {
  if (selector === undefined) return [required('spec.selector')];
  const errors = labelSelectorErrors('spec.selector', selector);
  const { matchLabels = {}, matchExpressions = [] } = selector as Record<string, any>;
  if (Object.keys(matchLabels).length + matchExpressions.length === 0) {
    errors.push(invalid('spec.selector', selector, `empty selector is invalid for ${kind}`));
  }
  return errors;
}

/** Pods of the template must be the ones that the selector finds. */
export function templateLabelErrors(selector: object | undefined, template: Record<string, any>): FieldError[] {
  try {
    const matcher = selectorFromObject(selector);
    if (matcher.nothing || matcher.empty || matcher.matches(template['metadata']?.labels)) return [];
    const labels = template['metadata']?.labels;
    return [invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')];
  } catch {
    return [invalid('spec.selector', selector, 'invalid label selector')];
  }
}

/** The template itself, which must be of pods that run for ever; `owner` is the kind in upstream's message. */
export function lastingTemplateErrors(template: Record<string, any>, owner: string): FieldError[] {
  const errors = podTemplateErrors('spec.template', template);
  const spec = template['spec'] ?? {};
  if (spec.restartPolicy !== 'Always') {
    errors.push(notSupported('spec.template.spec.restartPolicy', spec.restartPolicy ?? '', ['Always']));
  }
  if (spec.activeDeadlineSeconds !== undefined) {
    const text = `activeDeadlineSeconds in ${owner} is not Supported`;
    errors.push(forbidden('spec.template.spec.activeDeadlineSeconds', text));
  }
  return errors;
}

/** Counts of a status: none negative. */
export function statusCounts(status: Record<string, any>, names: readonly string[]): FieldError[] {
  return names.flatMap((name) => nonNegative(`status.${name}`, status[name]));
}

/** Parts of the replicas cannot be more than all of them, nor available ones more than ready ones. */
export function replicaCountErrors(status: Record<string, any>, names: readonly string[]): FieldError[] {
  const replicas = status['replicas'] ?? 0;
  const errors = names
    .filter((name) => (status[name] ?? 0) > replicas)
    .map((name) => invalid(`status.${name}`, status[name], 'cannot be greater than status.replicas'));
  if ((status['availableReplicas'] ?? 0) > (status['readyReplicas'] ?? 0)) {
    errors.push(
      invalid('status.availableReplicas', status['availableReplicas'], 'cannot be greater than readyReplicas'),
    );
  }
  return errors;
}

/** A collision count names the next child: it never goes back. */
export function collisionCountErrors(status: Record<string, any>, previous: Record<string, any>): FieldError[] {
  const [now, before] = [status['collisionCount'], previous['collisionCount']];
  if (before === undefined || (now ?? -1) >= before) return [];
  return [invalid('status.collisionCount', now, 'cannot be decremented')];
}

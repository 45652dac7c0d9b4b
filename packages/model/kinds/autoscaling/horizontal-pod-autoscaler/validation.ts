import { type FieldError, forbidden, index, invalid, notSupported, required } from '../../../field-error.ts';
import { dnsLabelProblems, pathSegmentProblems } from '../../../metadata/names.ts';
import type { ApiObject } from '../../../object.ts';
import { quantityOrUndefined } from '../../../quantity/quantity.ts';
import { statusCounts } from '../../apps/workload-validation.ts';
import type { Fields } from '../../core/pod/fields.ts';

/** What each type of metric is described by. */
const SOURCES: Readonly<Record<string, string>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};
const TARGETS = ['Utilization', 'Value', 'AverageValue'];
const SELECT_POLICIES = ['Disabled', 'Max', 'Min'];
const POLICIES = ['Percent', 'Pods'];
const LONGEST_PERIOD = 1800;
const LONGEST_WINDOW = 3600;

function pathName(at: string, value: string | undefined, missing: string): FieldError[] {
  if ((value ?? '') === '') return [required(at, missing)];
  return pathSegmentProblems(value!).map((problem) => invalid(at, value, problem));
}

function referenceErrors(at: string, reference: Fields): FieldError[] {
  return [...pathName(`${at}.kind`, reference['kind'], ''), ...pathName(`${at}.name`, reference['name'], '')];
}

function targetErrors(at: string, target: Fields): FieldError[] {
  const { type = '', averageUtilization } = target;
  const errors = type === '' ? [required(`${at}.type`, 'must specify a metric target type')] : [];
  if (!TARGETS.includes(type)) {
    errors.push(invalid(`${at}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  }
  for (const name of ['value', 'averageValue']) {
    const quantity = quantityOrUndefined(target[name]);
    if (quantity !== undefined && quantity.sign() <= 0) {
      errors.push(invalid(`${at}.${name}`, target[name], 'must be positive'));
    }
  }
  if (averageUtilization < 1) {
    errors.push(invalid(`${at}.averageUtilization`, averageUtilization, 'must be greater than 0'));
  }
  return errors;
}

function metricErrors(at: string, source: Fields): FieldError[] {
  return pathName(`${at}.metric.name`, source['metric']?.name, 'must specify a metric name');
}

function utilizationErrors(at: string, target: Fields): FieldError[] {
  const { averageUtilization: share, averageValue: amount } = target;
  if (share === undefined && amount === undefined) {
    return [required(`${at}.averageUtilization`, 'must set either a target raw value or a target utilization')];
  }
  if (share === undefined || amount === undefined) return [];
  return [forbidden(`${at}.averageValue`, 'may not set both a target raw value and a target utilization')];
}

/** What of each source there has to be, beyond its target. */
const sourceErrors: Readonly<Record<string, (at: string, source: Fields, target: Fields) => FieldError[]>> = {
  object: (at, source, target) => [
    ...referenceErrors(`${at}.describedObject`, source['describedObject'] ?? {}),
    ...metricErrors(at, source),
    ...targetErrors(`${at}.target`, target),
    ...(target['value'] === undefined && target['averageValue'] === undefined
      ? [required(`${at}.target.averageValue`, 'must set either a target value or averageValue')]
      : []),
  ],
  external(at, source, target) {
    const errors = [...metricErrors(at, source), ...targetErrors(`${at}.target`, target)];
    const [whole, share] = [target['value'] !== undefined, target['averageValue'] !== undefined];
    const missing = 'must set either a target value for metric or a per-pod target';
    if (!whole && !share) errors.push(required(`${at}.target.averageValue`, missing));
    const both = 'may not set both a target value for metric and a per-pod target';
    if (whole && share) errors.push(forbidden(`${at}.target.value`, both));
    return errors;
  },
  pods: (at, source, target) => [
    ...metricErrors(at, source),
    ...targetErrors(`${at}.target`, target),
    ...(target['averageValue'] === undefined
      ? [required(`${at}.target.averageValue`, 'must specify a positive target averageValue')]
      : []),
  ],
  resource: (at, source, target) => [
    ...((source['name'] ?? '') === '' ? [required(`${at}.name`, 'must specify a resource name')] : []),
    ...targetErrors(`${at}.target`, target),
    ...utilizationErrors(`${at}.target`, target),
  ],
  containerResource(at, source, target) {
    const container: string = source['container'] ?? '';
    const problems = container === '' ? [] : dnsLabelProblems(container);
    return [
      ...((source['name'] ?? '') === '' ? [required(`${at}.name`, 'must specify a resource name')] : []),
      ...(container === '' ? [required(`${at}.container`, 'must specify a container')] : []),
      ...problems.map((problem) => invalid(`${at}.container`, container, problem)),
      ...targetErrors(`${at}.target`, target),
      ...utilizationErrors(`${at}.target`, target),
    ];
  },
};

function metricSpecErrors(at: string, metric: Fields): FieldError[] {
  const type: string = metric['type'] ?? '';
  const errors: FieldError[] = type === '' ? [required(`${at}.type`, 'must specify a metric source type')] : [];
  const known = Object.hasOwn(SOURCES, type);
  const unknown = () => notSupported(`${at}.type`, type, Object.keys(SOURCES));
  if (!known) errors.push(unknown());
  const present = ['object', 'external', 'pods', 'resource', 'containerResource'].filter(
    (name) => metric[name] !== undefined,
  );
  const first = present[0];
  if (first !== undefined) {
    errors.push(...sourceErrors[first]!(`${at}.${first}`, metric[first], metric[first].target ?? {}));
  }
  const expected = known ? SOURCES[type]! : '';
  if (!known) errors.push(unknown());
  else if (metric[expected] === undefined) {
    errors.push(required(`${at}.${expected}`, 'must populate information for the given metric source'));
  }
  if (present.length === 1) return errors;
  const others = present.filter((name) => name !== expected);
  return [...errors, ...others.map((name) => forbidden(`${at}.${name}`, 'must populate the given metric source only'))];
}

function policyErrors(at: string, policy: Fields): FieldError[] {
  const { type = '', value = 0, periodSeconds = 0 } = policy;
  const errors = POLICIES.includes(type) ? [] : [notSupported(`${at}.type`, type, POLICIES)];
  if (value <= 0) errors.push(invalid(`${at}.value`, value, 'must be greater than zero'));
  const period = `${at}.periodSeconds`;
  if (periodSeconds <= 0) errors.push(invalid(period, periodSeconds, 'must be greater than zero'));
  if (periodSeconds > LONGEST_PERIOD) {
    errors.push(invalid(period, periodSeconds, `must be less than or equal to ${LONGEST_PERIOD}`));
  }
  return errors;
}

function rulesErrors(at: string, rules: Fields | undefined): FieldError[] {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules;
  const errors: FieldError[] = [];
  const field = `${at}.stabilizationWindowSeconds`;
  if (window < 0) errors.push(invalid(field, window, 'must be greater than or equal to zero'));
  if (window > LONGEST_WINDOW) {
    errors.push(invalid(field, window, `must be less than or equal to ${LONGEST_WINDOW}`));
  }
  if (selectPolicy !== undefined && !SELECT_POLICIES.includes(selectPolicy)) {
    errors.push(notSupported(`${at}.selectPolicy`, selectPolicy, SELECT_POLICIES));
  }
  if (policies.length === 0) errors.push(required(`${at}.policies`, 'must specify at least one Policy'));
  errors.push(...(policies as Fields[]).flatMap((policy, i) => policyErrors(index(`${at}.policies`, i), policy)));
  const quantity = quantityOrUndefined(tolerance);
  if (quantity !== undefined && quantity.sign() < 0) {
    errors.push(invalid(`${at}.tolerance`, tolerance, 'must be greater than or equal to zero'));
  }
  return errors;
}

/** `least` is the smallest minReplicas. */
function specErrors(spec: Fields, least: number): FieldError[] {
  const { minReplicas, maxReplicas = 0, scaleTargetRef = {}, metrics = [], behavior } = spec;
  const errors: FieldError[] = [];
  if (minReplicas < least) {
    errors.push(invalid('spec.minReplicas', minReplicas, `must be greater than or equal to ${least}`));
  }
  if (maxReplicas < 1) errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0'));
  if (maxReplicas < minReplicas) {
    errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'));
  }
  errors.push(...referenceErrors('spec.scaleTargetRef', scaleTargetRef));
  errors.push(...(metrics as Fields[]).flatMap((metric, i) => metricSpecErrors(index('spec.metrics', i), metric)));
  const toZero = (metrics as Fields[]).some(({ type }) => type === 'Object' || type === 'External');
  if (minReplicas === 0 && !toZero) {
    const text = 'must specify at least one Object or External metric to support scaling to zero replicas';
    errors.push(forbidden('spec.metrics', text));
  }
  return [
    ...errors,
    ...rulesErrors('spec.behavior.scaleUp', behavior?.scaleUp),
    ...rulesErrors('spec.behavior.scaleDown', behavior?.scaleDown),
  ];
}

export function validate(object: Readonly<ApiObject>): FieldError[] {
  return specErrors(object['spec'] ?? {}, 1);
}

export function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  return specErrors(object['spec'] ?? {}, previous['spec']?.minReplicas === 0 ? 0 : 1);
}

export function validateStatusUpdate(object: Readonly<ApiObject>): FieldError[] {
  return statusCounts(object['status'] ?? {}, ['currentReplicas', 'desiredReplicas']);
}

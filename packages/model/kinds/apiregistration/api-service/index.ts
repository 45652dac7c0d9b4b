import { type FieldError, invalid, notSupported, required } from '../../../field-error.ts';
import { dns1035LabelProblems, dnsSubdomainProblems, portNumberProblems } from '../../../metadata/names.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { ageColumn } from '../../../table/table.ts';

const statuses = ['True', 'False', 'Unknown'];

interface Condition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
}

/** A server answers what it serves itself whenever it answers at all. */
function localCondition(now: string): Record<string, string> {
  return {
    type: 'Available',
    status: 'True',
    lastTransitionTime: now,
    reason: 'Local',
    message: 'Local APIServices are always available',
  };
}

function nameErrors(object: Readonly<ApiObject>): FieldError[] {
  const name = object.metadata?.name ?? '';
  const wanted = `${object['spec']?.version ?? ''}.${object['spec']?.group ?? ''}`;
  if (name === wanted) return [];
  return [invalid('metadata.name', name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`)];
}

function priorityErrors(field: string, value: number, limit: number): FieldError[] {
  return value > 0 && value <= limit ? [] : [invalid(field, value, `must be positive and less than ${limit}`)];
}

function authorityErrors(spec: Record<string, any>): FieldError[] {
  const { service, caBundle = '', insecureSkipTLSVerify: insecure = false } = spec;
  const bytes = Buffer.from(caBundle, 'base64').length;
  if (service !== undefined) {
    if (!insecure || bytes === 0) return [];
    return [invalid('spec.insecureSkipTLSVerify', insecure, 'may not be true if caBundle is present')];
  }
  const errors: FieldError[] = [];
  if (bytes > 0) errors.push(invalid('spec.caBundle', `${bytes} bytes`, 'local APIServices may not have a caBundle'));
  if (insecure)
    errors.push(
      invalid('spec.insecureSkipTLSVerify', insecure, 'local APIServices may not have insecureSkipTLSVerify'),
    );
  return errors;
}

function serviceErrors(service: Record<string, any> | undefined): FieldError[] {
  if (service === undefined) return [];
  const { namespace = '', name = '', port = 0 } = service;
  return [
    ...(namespace === '' ? [required('spec.service.namespace')] : []),
    ...(name === '' ? [required('spec.service.name')] : []),
    ...portNumberProblems(port).map((problem) => invalid('spec.service.port', port, problem)),
  ];
}

function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec = object['spec'] ?? {};
  const { group = '', version = '' } = spec;
  const errors = nameErrors(object);
  if (group === '' && version !== 'v1')
    errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'));
  if (group !== '') errors.push(...dnsSubdomainProblems(group).map((problem) => invalid('spec.group', group, problem)));
  errors.push(...dns1035LabelProblems(version).map((problem) => invalid('spec.version', version, problem)));
  return [
    ...errors,
    ...priorityErrors('spec.groupPriorityMinimum', spec.groupPriorityMinimum ?? 0, 20_000),
    ...priorityErrors('spec.versionPriority', spec.versionPriority ?? 0, 1000),
    ...authorityErrors(spec),
    ...serviceErrors(spec.service),
  ];
}

function validateStatus(object: Readonly<ApiObject>): FieldError[] {
  const conditions: readonly Condition[] = object['status']?.conditions ?? [];
  return conditions.flatMap(({ status = '' }, index) =>
    statuses.includes(status) ? [] : [notSupported(`status.conditions[${index}].status`, status, statuses)],
  );
}

function available(object: Readonly<ApiObject>): string {
  const conditions: readonly Condition[] = object['status']?.conditions ?? [];
  const condition = conditions.find(({ type }) => type === 'Available');
  if (condition === undefined) return 'Unknown';
  const { status = '', reason = '' } = condition;
  return status === 'True' ? status : `${status} (${reason})`;
}

export const apiService: Strategy = {
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  nameForm: 'pathSegment',
  unconditionalUpdate: false,
  defaults(object) {
    const service = object['spec']?.service;
    if (service) service.port ??= 443;
  },
  prepareForCreate(object, { now }) {
    object['status'] = object['spec']?.service === undefined ? { conditions: [localCondition(now)] } : {};
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
  },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate,
  validateUpdate: validate,
  validateStatusUpdate: validateStatus,
  columns: [
    {
      name: 'Service',
      type: 'string',
      priority: 0,
      description: 'Who answers for this group and version.',
      cell: (object) => {
        const service = object['spec']?.service;
        return service ? `${service.namespace}/${service.name}` : 'Local';
      },
    },
    {
      name: 'Available',
      type: 'string',
      priority: 0,
      description: 'Whether it can be reached.',
      cell: available,
    },
    ageColumn,
  ],
};

import { type FieldError, invalid } from '../../../field-error.ts';
import { qualifiedNameProblems } from '../../../metadata/names.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';

const NAME_LABEL = 'kubernetes.io/metadata.name';
const FINALIZER = 'kubernetes';

function defaults(object: ApiObject): void {
  const name = object.metadata?.name;
  // The label that selectors find a namespace by its name with; a name to be generated is not known yet.
  if (name !== undefined && name !== '') object.metadata!.labels = { ...object.metadata!.labels, [NAME_LABEL]: name };
  object['status'] ??= {};
  object['status'].phase ??= 'Active';
}

function validateStatusUpdate(object: Readonly<ApiObject>): FieldError[] {
  const phase = object['status']?.phase;
  const deleted = object.metadata?.deletionTimestamp !== undefined;
  if (!deleted && phase !== 'Active') {
    return [invalid('status.Phase', phase ?? '', "may only be 'Active' if `deletionTimestamp` is empty")];
  }
  if (deleted && phase !== 'Terminating') {
    return [invalid('status.Phase', phase ?? '', "may only be 'Terminating' if `deletionTimestamp` is not empty")];
  }
  return [];
}

function validate(object: Readonly<ApiObject>): FieldError[] {
  return ((object['spec']?.finalizers ?? []) as string[]).flatMap((name) => {
    const problems = qualifiedNameProblems(name);
    if (!name.includes('/') && name !== FINALIZER) {
      problems.push('name is neither a standard finalizer name nor is it fully qualified');
    }
    return problems.map((problem) => invalid('spec.finalizers', name, problem));
  });
}

export const namespace: Strategy = {
  apiVersion: 'v1',
  kind: 'Namespace',
  nameForm: 'dnsLabel',
  defaults,
  prepareForCreate(object) {
    defaults(object);
    object['status'] = { phase: 'Active' };
    object['spec'] ??= {};
    const finalizers: string[] = object['spec'].finalizers ?? [];
    // What keeps a namespace until everything in it is gone.
    object['spec'].finalizers = finalizers.includes(FINALIZER) ? finalizers : [...finalizers, FINALIZER];
  },
  prepareForUpdate(object, previous) {
    object['spec'] = { ...object['spec'], finalizers: previous['spec']?.finalizers };
    if (object['spec'].finalizers === undefined) delete object['spec'].finalizers;
    object['status'] = previous['status'];
  },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate,
  validateStatusUpdate,
  selectableFields: {
    name: (object) => object.metadata?.name ?? '',
    'status.phase': (object) => object['status']?.phase ?? '',
  },
  columns: [
    {
      name: 'Status',
      type: 'string',
      priority: 0,
      description: 'Whether the namespace is in use or being deleted.',
      cell: (object) => object['status']?.phase ?? '',
    },
  ],
};

/** What RoleBinding and ClusterRoleBinding have in common: a role and the subjects that get it. */
import { type FieldError, index, invalid, notSupported, required } from '../../field-error.ts';
import { dnsSubdomainProblems } from '../../metadata/names.ts';
import { sameValue } from '../../metadata/same-value.ts';
import type { ApiObject } from '../../object.ts';
import type { Column } from '../../strategy.ts';
import { ageColumn } from '../../table/table.ts';
import { RBAC_GROUP, rbacNameErrors } from './policy-rules.ts';

interface Subject {
  kind?: string;
  apiGroup?: string;
  name?: string;
  namespace?: string;
}

const GROUPS: Readonly<Record<string, string>> = { User: RBAC_GROUP, Group: RBAC_GROUP };

export function bindingDefaults(object: ApiObject): void {
  const role = object['roleRef'];
  if (role !== undefined && (role.apiGroup ?? '') === '') role.apiGroup = RBAC_GROUP;
  for (const subject of (object['subjects'] ?? []) as Subject[]) {
    const group = Object.hasOwn(GROUPS, subject.kind ?? '') ? GROUPS[subject.kind!] : undefined;
    if (group !== undefined && (subject.apiGroup ?? '') === '') subject.apiGroup = group;
  }
}

function subjectErrors(at: string, subject: Subject, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const name = subject.name ?? '';
  const group = subject.apiGroup ?? '';
  if (name === '') errors.push(required(`${at}.name`));
  if (subject.kind === 'ServiceAccount') {
    if (name !== '') errors.push(...dnsSubdomainProblems(name).map((problem) => invalid(`${at}.name`, name, problem)));
    if (group !== '') errors.push(notSupported(`${at}.apiGroup`, group, ['']));
    if (!namespaced && (subject.namespace ?? '') === '') errors.push(required(`${at}.namespace`));
  } else if (subject.kind === 'User' || subject.kind === 'Group') {
    if (group !== RBAC_GROUP) errors.push(notSupported(`${at}.apiGroup`, group, [RBAC_GROUP]));
  } else {
    errors.push(notSupported(`${at}.kind`, subject.kind ?? '', ['ServiceAccount', 'User', 'Group']));
  }
  return errors;
}

export function bindingErrors(
  object: Readonly<ApiObject>,
  kinds: readonly string[],
  namespaced: boolean,
): FieldError[] {
  const role = object['roleRef'] ?? {};
  const errors: FieldError[] = [];
  if (role.apiGroup !== RBAC_GROUP) errors.push(notSupported('roleRef.apiGroup', role.apiGroup ?? '', [RBAC_GROUP]));
  if (!kinds.includes(role.kind)) errors.push(notSupported('roleRef.kind', role.kind ?? '', kinds));
  if ((role.name ?? '') === '') errors.push(required('roleRef.name'));
  else errors.push(...rbacNameErrors('roleRef.name', role.name));
  (object['subjects'] ?? []).forEach((subject: Subject, position: number) => {
    errors.push(...subjectErrors(index('subjects', position), subject, namespaced));
  });
  return errors;
}

/** Whoever could change the role of a binding could give its subjects any role: the role is fixed. */
export function roleChangeErrors(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  if (sameValue(object['roleRef'], previous['roleRef'])) return [];
  return [invalid('roleRef', object['roleRef'], 'cannot change roleRef')];
}

function subjectsOf(object: Readonly<ApiObject>, kind: string): string {
  const subjects = ((object['subjects'] ?? []) as Subject[]).filter((subject) => subject.kind === kind);
  const named = (subject: Subject) =>
    kind === 'ServiceAccount' ? `${subject.namespace ?? ''}/${subject.name}` : (subject.name ?? '');
  return subjects.map(named).join(', ');
}

const wide = { type: 'string', priority: 1 } as const;

export const bindingColumns: readonly Column[] = [
  {
    name: 'Role',
    type: 'string',
    priority: 0,
    description: 'The role that the subjects get.',
    cell: (object) => `${object['roleRef']?.kind}/${object['roleRef']?.name}`,
  },
  ageColumn,
  {
    name: 'Users',
    ...wide,
    description: 'The users among the subjects.',
    cell: (object) => subjectsOf(object, 'User'),
  },
  {
    name: 'Groups',
    ...wide,
    description: 'The groups among the subjects.',
    cell: (object) => subjectsOf(object, 'Group'),
  },
  {
    name: 'ServiceAccounts',
    ...wide,
    description: 'The service accounts among the subjects.',
    cell: (object) => subjectsOf(object, 'ServiceAccount'),
  },
];

/** What the access reviews check alike. */
import { type FieldError, invalid } from '../../field-error.ts';
import type { ApiObject } from '../../object.ts';

/** Exactly one of the two kinds of attributes is asked about. */
export function attributesErrors(object: Readonly<ApiObject>): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = object['spec'] ?? {};
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    const text = 'cannot be specified in combination with resourceAttributes';
    return [invalid('spec.nonResourceAttributes', nonResourceAttributes, text)];
  }
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    const text = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    return [invalid('spec.resourceAttributes', null, text)];
  }
  return [];
}

/** Somebody is asked about. */
export function subjectErrors(object: Readonly<ApiObject>): FieldError[] {
  const { user = '', groups = [] } = object['spec'] ?? {};
  if (user !== '' || groups.length > 0) return [];
  return [invalid('spec.user', user, 'at least one of user or group must be specified')];
}

/** A review is not stored: it has no metadata, but for a namespace where one is meant. */
export function noMetadataErrors(object: Readonly<ApiObject>, mayHaveNamespace: boolean): FieldError[] {
  const { managedFields: _, creationTimestamp: __, namespace, ...rest } = object.metadata ?? {};
  const extra = Object.values(rest).some((value) => value !== undefined && value !== '');
  if (!extra && (mayHaveNamespace || (namespace ?? '') === '')) return [];
  const text = mayHaveNamespace ? 'must be empty except for namespace' : 'must be empty';
  return [invalid('metadata', object.metadata, text)];
}

/** The answer is the server's. */
export function clearStatus(object: ApiObject): void {
  object['status'] = {};
}

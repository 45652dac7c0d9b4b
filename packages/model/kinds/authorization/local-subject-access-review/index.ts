import { type FieldError, invalid } from '../../../field-error.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { attributesErrors, clearStatus, noMetadataErrors, subjectErrors } from '../access-review.ts';

function namespaceErrors(object: Readonly<ApiObject>): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = object['spec'] ?? {};
  const errors: FieldError[] = [];
  const namespace: string = resourceAttributes?.namespace ?? '';
  if (resourceAttributes !== undefined && namespace !== (object.metadata?.namespace ?? '')) {
    errors.push(invalid('spec.resourceAttributes.namespace', namespace, 'must match metadata.namespace'));
  }
  if (nonResourceAttributes !== undefined) {
    const text = 'disallowed on this kind of request';
    errors.push(invalid('spec.nonResourceAttributes', nonResourceAttributes, text));
  }
  return errors;
}

/** Asks whether a user may do something in one namespace. */
export const localSubjectAccessReview: Strategy = {
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'LocalSubjectAccessReview',
  virtual: true,
  prepareForCreate: clearStatus,
  validate: (object) => [
    ...attributesErrors(object),
    ...subjectErrors(object),
    ...noMetadataErrors(object, true),
    ...namespaceErrors(object),
  ],
};

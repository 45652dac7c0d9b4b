import type { Strategy } from '../../../strategy.ts';
import { attributesErrors, clearStatus, noMetadataErrors, subjectErrors } from '../access-review.ts';

/** Asks whether a user may do something. */
export const subjectAccessReview: Strategy = {
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SubjectAccessReview',
  virtual: true,
  prepareForCreate: clearStatus,
  validate: (object) => [...attributesErrors(object), ...subjectErrors(object), ...noMetadataErrors(object, false)],
};

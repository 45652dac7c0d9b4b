import type { Strategy } from '../../../strategy.ts';
import { attributesErrors, clearStatus, noMetadataErrors } from '../access-review.ts';

/** Asks whether the caller may do something. */
export const selfSubjectAccessReview: Strategy = {
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SelfSubjectAccessReview',
  virtual: true,
  prepareForCreate: clearStatus,
  validate: (object) => [...attributesErrors(object), ...noMetadataErrors(object, false)],
};

import type { Strategy } from '../../../strategy.ts';
import { clearStatus } from '../access-review.ts';

/** Asks what the caller may do in a namespace. That the namespace must be named is answered by the server as 400. */
export const selfSubjectRulesReview: Strategy = {
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SelfSubjectRulesReview',
  virtual: true,
  prepareForCreate: clearStatus,
};

import type { Strategy } from '../../../strategy.ts';

/** Asks who the caller is. */
export const selfSubjectReview: Strategy = {
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'SelfSubjectReview',
  virtual: true,
  prepareForCreate(object) {
    object['status'] = {};
  },
};

import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
} from '@keelson/model/generated/types/authorization-v1.ts';
import type { ResourceRef } from '../client.ts';

const group = 'authorization.k8s.io';
const version = 'v1';

export const subjectAccessReviews: ResourceRef<SubjectAccessReview> = {
  group,
  version,
  kind: 'SubjectAccessReview',
  resource: 'subjectaccessreviews',
  namespaced: false,
};
export const selfSubjectAccessReviews: ResourceRef<SelfSubjectAccessReview> = {
  group,
  version,
  kind: 'SelfSubjectAccessReview',
  resource: 'selfsubjectaccessreviews',
  namespaced: false,
};
export const selfSubjectRulesReviews: ResourceRef<SelfSubjectRulesReview> = {
  group,
  version,
  kind: 'SelfSubjectRulesReview',
  resource: 'selfsubjectrulesreviews',
  namespaced: false,
};
export const localSubjectAccessReviews: ResourceRef<LocalSubjectAccessReview> = {
  group,
  version,
  kind: 'LocalSubjectAccessReview',
  resource: 'localsubjectaccessreviews',
  namespaced: true,
};

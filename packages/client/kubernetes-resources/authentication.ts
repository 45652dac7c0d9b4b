import type { SelfSubjectReview, TokenReview } from '@keelson/model/generated/types/authentication-v1.ts';
import type { ResourceRef } from '../client.ts';

const group = 'authentication.k8s.io';
const version = 'v1';

export const tokenReviews: ResourceRef<TokenReview> = {
  group,
  version,
  kind: 'TokenReview',
  resource: 'tokenreviews',
  namespaced: false,
};
export const selfSubjectReviews: ResourceRef<SelfSubjectReview> = {
  group,
  version,
  kind: 'SelfSubjectReview',
  resource: 'selfsubjectreviews',
  namespaced: false,
};

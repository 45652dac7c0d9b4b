// Made by tools/generate.ts: types of imagepolicy/v1alpha1.
import type { ObjectMeta } from '../../object.ts';

export interface ImageReview {
  kind?: string;
  apiVersion?: string;
  metadata?: ObjectMeta;
  spec?: ImageReviewSpec;
  status?: ImageReviewStatus;
}

export interface ImageReviewContainerSpec {
  image?: string;
}

export interface ImageReviewSpec {
  containers?: ImageReviewContainerSpec[];
  annotations?: Record<string, string>;
  namespace?: string;
}

export interface ImageReviewStatus {
  allowed?: boolean;
  reason?: string;
  auditAnnotations?: Record<string, string>;
}

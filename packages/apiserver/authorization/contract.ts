import type { UserInfo } from '../authentication/contract.ts';

/** What is asked for (authorization.k8s.io/v1 SubjectAccessReviewSpec, both halves). */
export interface Attributes {
  readonly user: UserInfo;
  /** `get`, `list`, `create`, … for resources; the HTTP method in lower case for paths. */
  readonly verb: string;
  readonly resourceRequest: boolean;
  readonly namespace: string;
  readonly apiGroup: string;
  readonly apiVersion: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** The URL path of a request that is not for a resource: `/healthz`. */
  readonly path: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

export type Decision = 'allow' | 'deny' | 'noOpinion';

export interface AuthorizationResult {
  readonly decision: Decision;
  readonly reason: string;
}

/** One authority. The chain asks each in turn until one does not answer noOpinion; at the end it is no. Never rejects. */
export interface Authorizer {
  authorize(attributes: Attributes): Promise<AuthorizationResult>;
  /** The rules that `user` has in `namespace`, for SelfSubjectRulesReview. */
  rulesFor?(user: UserInfo, namespace: string): Promise<ResourceRules>;
}

export interface ResourceRules {
  readonly resourceRules: readonly {
    verbs: string[];
    apiGroups?: string[];
    resources?: string[];
    resourceNames?: string[];
  }[];
  readonly nonResourceRules: readonly { verbs: string[]; nonResourceURLs?: string[] }[];
  readonly incomplete: boolean;
  readonly evaluationError?: string;
}

import { rfc3339, type World } from '@keelson/base';
import type { Strategy } from '@keelson/model';
import { localSubjectAccessReview } from '@keelson/model/kinds/authorization/local-subject-access-review/index.ts';
import { selfSubjectAccessReview } from '@keelson/model/kinds/authorization/self-subject-access-review/index.ts';
import { subjectAccessReview } from '@keelson/model/kinds/authorization/subject-access-review/index.ts';
import type { TokenAuthenticator } from '../authentication/contract.ts';
import { reviewSelf, reviewToken } from '../authentication/token-review.ts';
import { invalid } from '../request/status-error.ts';
import type { ReviewHandler } from '../subresources/subresource-handler.ts';
import { reviewLocalSubjectAccess, reviewSelfAccess, reviewSelfRules, reviewSubjectAccess } from './access-review.ts';
import type { Authorizer } from './contract.ts';

const group = 'authorization.k8s.io';

/** Answers the six kinds of reviews that ask the server who someone is and what they may do. */
export function reviewHandlers(options: {
  readonly world: World;
  /** All readers of tokens, as one (TokenAuthenticatorChain). */
  readonly tokens: TokenAuthenticator;
  /** What the API server answers to. */
  readonly audiences: readonly string[];
  readonly authorizer: Authorizer;
}): ReviewHandler[] {
  const { world, tokens, audiences, authorizer } = options;
  return [
    {
      group: 'authentication.k8s.io',
      resource: 'tokenreviews',
      review: (object) => reviewToken(tokens, audiences, object),
    },
    {
      group: 'authentication.k8s.io',
      resource: 'selfsubjectreviews',
      review: async (object, { user }) => ({ object: reviewSelf(user, object, rfc3339(world.clock.now())) }),
    },
    validated(subjectAccessReview, 'subjectaccessreviews', (object) => reviewSubjectAccess(authorizer, object)),
    validated(localSubjectAccessReview, 'localsubjectaccessreviews', (object, { namespace }) =>
      reviewLocalSubjectAccess(authorizer, namespace, object),
    ),
    validated(selfSubjectAccessReview, 'selfsubjectaccessreviews', (object, { user }) =>
      reviewSelfAccess(authorizer, user, object),
    ),
    {
      group,
      resource: 'selfsubjectrulesreviews',
      review: (object, { user }) => reviewSelfRules(authorizer, user, object),
    },
  ];
}

function validated(strategy: Strategy, resource: string, review: ReviewHandler['review']): ReviewHandler {
  return {
    group,
    resource,
    async review(object, caller) {
      const errors = strategy.validate?.(object) ?? [];
      if (errors.length > 0) return { status: invalid({ group, kind: strategy.kind }, '', errors).status };
      return review(object, caller);
    },
  };
}

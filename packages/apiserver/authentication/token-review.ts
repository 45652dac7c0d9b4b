import type { ApiObject } from '@keelson/model';
import { badRequest } from '../request/status-error.ts';
import type { ReviewAnswer } from '../subresources/subresource-handler.ts';
import type { AuthenticationResult, TokenAuthenticator, UserInfo } from './contract.ts';
import { withAuthenticatedGroup } from './request-authenticator.ts';

/** A user as authentication.k8s.io/v1 UserInfo: attachments stay inside. */
export function userInfoObject(user: UserInfo): Record<string, unknown> {
  const extra = Object.entries(user.extra ?? {});
  return {
    ...(user.name !== '' ? { username: user.name } : {}),
    ...(user.uid !== undefined && user.uid !== '' ? { uid: user.uid } : {}),
    ...(user.groups.length > 0 ? { groups: [...user.groups] } : {}),
    ...(extra.length > 0 ? { extra: Object.fromEntries(extra.map(([key, values]) => [key, [...values]])) } : {}),
  };
}

/**
 * Answers a TokenReview.
 * @param tokens whom to ask: all token authenticators of the server
 * @param serverAudiences what the API server answers to, when the review names no audiences
 */
export async function reviewToken(
  tokens: TokenAuthenticator,
  serverAudiences: readonly string[],
  review: Readonly<ApiObject>,
): Promise<ReviewAnswer> {
  const token: string = review['spec']?.token ?? '';
  if (token === '') return { status: badRequest('token is required for TokenReview in authentication').status };
  const asked: readonly string[] = review['spec']?.audiences ?? [];
  const audiences = asked.length > 0 ? asked : serverAudiences;
  const result = await tokens.authenticateToken(token, audiences);
  return { object: { ...review, status: statusOf(result, audiences, serverAudiences) } };
}

function statusOf(
  result: AuthenticationResult,
  audiences: readonly string[],
  serverAudiences: readonly string[],
): Record<string, unknown> {
  if (result.outcome === 'refused') return { user: {}, error: result.reason };
  if (result.outcome === 'none') return { user: {}, error: 'invalid bearer token' };
  // A reader of tokens that knows no audiences speaks for the API server's own alone.
  const common = result.audiences ?? audiences.filter((audience) => serverAudiences.includes(audience));
  if (common.length === 0 && audiences.length > 0) return { user: {}, error: 'invalid bearer token' };
  return {
    authenticated: true,
    user: userInfoObject(withAuthenticatedGroup(result.user)),
    ...(common.length > 0 ? { audiences: [...common] } : {}),
  };
}

/** Answers a SelfSubjectReview: who the caller is. `now` is RFC 3339. */
export function reviewSelf(user: UserInfo, review: Readonly<ApiObject>, now: string): ApiObject {
  return {
    ...review,
    metadata: { ...review.metadata, creationTimestamp: now },
    status: { userInfo: userInfoObject(user) },
  };
}

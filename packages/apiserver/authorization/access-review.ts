import type { ApiObject } from '@keelson/model';
import type { UserInfo } from '../authentication/contract.ts';
import { badRequest } from '../request/status-error.ts';
import type { ReviewAnswer } from '../subresources/subresource-handler.ts';
import type { Attributes, AuthorizationResult, Authorizer } from './contract.ts';
import { readSelector } from './review-selector.ts';

/** Answers a SubjectAccessReview, which its kind has validated: may the named user do this? */
export async function reviewSubjectAccess(authorizer: Authorizer, review: Readonly<ApiObject>): Promise<ReviewAnswer> {
  return { object: await answered(authorizer, review, subjectOf(review)) };
}

/**
 * Answers a LocalSubjectAccessReview.
 * @param namespace the namespace of the request's path
 */
export async function reviewLocalSubjectAccess(
  authorizer: Authorizer,
  namespace: string,
  review: Readonly<ApiObject>,
): Promise<ReviewAnswer> {
  if (namespace !== (review.metadata?.namespace ?? '')) {
    return { status: badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`).status };
  }
  return { object: await answered(authorizer, review, subjectOf(review)) };
}

/** Answers a SelfSubjectAccessReview: may the caller do this? `kubectl auth can-i` asks it. */
export async function reviewSelfAccess(
  authorizer: Authorizer,
  user: UserInfo,
  review: Readonly<ApiObject>,
): Promise<ReviewAnswer> {
  return { object: await answered(authorizer, review, user) };
}

/** Answers a SelfSubjectRulesReview: what may the caller do in a namespace? */
export async function reviewSelfRules(
  authorizer: Authorizer,
  user: UserInfo,
  review: Readonly<ApiObject>,
): Promise<ReviewAnswer> {
  const namespace: string = review['spec']?.namespace ?? '';
  if (namespace === '') return { status: badRequest('no namespace on request').status };
  const rules = await authorizer.rulesFor?.(user, namespace);
  const status = rules ?? { resourceRules: [], nonResourceRules: [], incomplete: true };
  return { object: { ...review, status: { ...status } } };
}

function subjectOf(review: Readonly<ApiObject>): UserInfo {
  const { user = '', groups = [], uid = '', extra = {} } = review['spec'] ?? {};
  return { name: user, uid, groups, extra };
}

async function answered(authorizer: Authorizer, review: Readonly<ApiObject>, user: UserInfo): Promise<ApiObject> {
  const { attributes, errors } = attributesOf(review, user);
  const result = await authorizer.authorize(attributes);
  return { ...review, status: statusOf(result, errors) };
}

function statusOf(result: AuthorizationResult, errors: readonly string[]): Record<string, unknown> {
  return {
    allowed: result.decision === 'allow',
    ...(result.decision === 'deny' ? { denied: true } : {}),
    ...(result.reason !== '' ? { reason: result.reason } : {}),
    ...(errors.length > 0 ? { evaluationError: errors.join('; ') } : {}),
  };
}

function attributesOf(review: Readonly<ApiObject>, user: UserInfo): { attributes: Attributes; errors: string[] } {
  const empty = { namespace: '', apiGroup: '', apiVersion: '', resource: '', subresource: '', name: '', path: '' };
  const { resourceAttributes: asked, nonResourceAttributes: path } = review['spec'] ?? {};
  if (!asked) {
    const attributes = { ...empty, user, resourceRequest: false, verb: path?.verb ?? '', path: path?.path ?? '' };
    return { attributes, errors: [] };
  }
  const fields = readSelector(asked.fieldSelector, 'fieldSelector');
  const labels = readSelector(asked.labelSelector, 'labelSelector');
  const attributes: Attributes = {
    ...empty,
    user,
    resourceRequest: true,
    verb: asked.verb ?? '',
    namespace: asked.namespace ?? '',
    apiGroup: asked.group ?? '',
    apiVersion: asked.version ? asked.version : '*',
    resource: asked.resource ?? '',
    subresource: asked.subresource ?? '',
    name: asked.name ?? '',
    ...(fields.text !== '' ? { fieldSelector: fields.text } : {}),
    ...(labels.text !== '' ? { labelSelector: labels.text } : {}),
  };
  return { attributes, errors: [...fields.errors, ...labels.errors] };
}

import { type ApiObject, type FieldError, invalid } from '@keelson/model';
import type { UserInfo } from '../authentication/contract.ts';
import { badRequest, invalidStatus, type ReviewAnswer } from '../authentication/refusal-status.ts';
import type { Attributes, AuthorizationResult, Authorizer } from './contract.ts';
import { readSelector } from './review-selector.ts';

const group = 'authorization.k8s.io';

/** Answers a SubjectAccessReview: may the named user do this? */
export async function reviewSubjectAccess(
  authorizer: Authorizer,
  review: Readonly<ApiObject>,
): Promise<ReviewAnswer<ApiObject>> {
  const errors = [...subjectErrors(review), ...metadataErrors(review, false)];
  if (errors.length > 0) return { status: invalidStatus(group, 'SubjectAccessReview', '', errors) };
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
): Promise<ReviewAnswer<ApiObject>> {
  const own = review.metadata?.namespace ?? '';
  const spec = review['spec'] ?? {};
  const errors = [...subjectErrors(review), ...metadataErrors(review, true)];
  if (spec.resourceAttributes && (spec.resourceAttributes.namespace ?? '') !== own) {
    const field = 'spec.resourceAttributes.namespace';
    errors.push(invalid(field, spec.resourceAttributes.namespace ?? '', 'must match metadata.namespace'));
  }
  if (spec.nonResourceAttributes) {
    const field = 'spec.nonResourceAttributes';
    errors.push(invalid(field, spec.nonResourceAttributes, 'disallowed on this kind of request'));
  }
  if (errors.length > 0) return { status: invalidStatus(group, 'LocalSubjectAccessReview', '', errors) };
  if (namespace !== own) {
    return { status: badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`) };
  }
  return { object: await answered(authorizer, review, subjectOf(review)) };
}

/** Answers a SelfSubjectAccessReview: may the caller do this? `kubectl auth can-i` asks it. */
export async function reviewSelfAccess(
  authorizer: Authorizer,
  user: UserInfo,
  review: Readonly<ApiObject>,
): Promise<ReviewAnswer<ApiObject>> {
  const errors = [...attributeErrors(review), ...metadataErrors(review, false)];
  if (errors.length > 0) return { status: invalidStatus(group, 'SelfSubjectAccessReview', '', errors) };
  return { object: await answered(authorizer, review, user) };
}

/** Answers a SelfSubjectRulesReview: what may the caller do in a namespace? */
export async function reviewSelfRules(
  authorizer: Authorizer,
  user: UserInfo,
  review: Readonly<ApiObject>,
): Promise<ReviewAnswer<ApiObject>> {
  const namespace: string = review['spec']?.namespace ?? '';
  if (namespace === '') return { status: badRequest('no namespace on request') };
  const rules = await authorizer.rulesFor?.(user, namespace);
  const status = rules ?? { resourceRules: [], nonResourceRules: [], incomplete: true };
  return { object: { ...review, status: { ...status } } };
}

function attributeErrors(review: Readonly<ApiObject>): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = review['spec'] ?? {};
  if (resourceAttributes && nonResourceAttributes) {
    const detail = 'cannot be specified in combination with resourceAttributes';
    return [invalid('spec.nonResourceAttributes', nonResourceAttributes, detail)];
  }
  if (!resourceAttributes && !nonResourceAttributes) {
    const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    return [invalid('spec.resourceAttributes', null, detail)];
  }
  return [];
}

function subjectErrors(review: Readonly<ApiObject>): FieldError[] {
  const errors = attributeErrors(review);
  const { user = '', groups = [] } = review['spec'] ?? {};
  if (user === '' && groups.length === 0) {
    errors.push(invalid('spec.user', user, 'at least one of user or group must be specified'));
  }
  return errors;
}

function metadataErrors(review: Readonly<ApiObject>, namespaced: boolean): FieldError[] {
  const given = Object.entries(review.metadata ?? {}).filter(
    ([field, value]) =>
      field !== 'managedFields' && !(namespaced && field === 'namespace') && value !== undefined && value !== null,
  );
  if (given.length === 0) return [];
  const detail = namespaced ? 'must be empty except for namespace' : 'must be empty';
  return [invalid('metadata', review.metadata, detail)];
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

import type { UserInfo } from '../authentication/contract.ts';
import type { Attributes, Authorizer } from '../authorization/contract.ts';
import type { RequestInfo } from './request-info.ts';
import { forbidden } from './status-error.ts';

/** What a request asks an authoriser. */
export function attributesOf(user: UserInfo, info: RequestInfo): Attributes {
  const fieldSelector = info.query.get('fieldSelector');
  const labelSelector = info.query.get('labelSelector');
  return {
    user,
    verb: info.verb,
    resourceRequest: info.resourceRequest,
    namespace: info.namespace,
    apiGroup: info.group,
    apiVersion: info.version,
    resource: info.resource,
    subresource: info.subresource,
    name: info.name,
    path: info.resourceRequest ? '' : info.path,
    ...(fieldSelector ? { fieldSelector } : {}),
    ...(labelSelector ? { labelSelector } : {}),
  };
}

/** Why not, in upstream's words (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters). */
export function forbiddenText(attributes: Attributes): string {
  const { user, verb, apiGroup, namespace } = attributes;
  const who = `User ${JSON.stringify(user.name)} cannot ${verb}`;
  if (!attributes.resourceRequest) return `${who} path ${JSON.stringify(attributes.path)}`;
  const resource = attributes.subresource ? `${attributes.resource}/${attributes.subresource}` : attributes.resource;
  const what = `resource ${JSON.stringify(resource)} in API group ${JSON.stringify(apiGroup)}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return `${who} ${what} ${where}`;
}

/**
 * Returns when the request is allowed.
 * @param told is given the decision as audit events name it, and the reason
 * @throws StatusError 403
 */
export async function authorize(
  authorizer: Authorizer,
  attributes: Attributes,
  told?: (decision: 'allow' | 'forbid', reason: string) => void,
): Promise<void> {
  const { decision, reason } = await authorizer.authorize(attributes);
  told?.(decision === 'allow' ? 'allow' : 'forbid', reason);
  if (decision === 'allow') return;
  const text = forbiddenText(attributes);
  throw forbidden(
    { group: attributes.apiGroup, resource: attributes.resource },
    attributes.name,
    reason === '' ? text : `${text}: ${reason}`,
  );
}

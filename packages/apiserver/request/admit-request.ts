import type { HttpRequest } from '@keelson/base';
import type { Authenticator } from '../authentication/contract.ts';
import type { Authorizer } from '../authorization/contract.ts';
import { attributesOf, authorize } from './authorize.ts';
import { impersonated } from './impersonation.ts';
import type { RequestContext } from './request-context.ts';
import type { RequestInfo } from './request-info.ts';
import { unauthorized } from './status-error.ts';

/** Paths that are answered to anybody who is known (kube-apiserver's --authorization-always-allow-paths). */
const alwaysAllowed = ['/healthz', '/livez', '/readyz'];

/**
 * Finds out who asks, whom they act as, and whether they may.
 * @throws StatusError 400, 401, 403
 */
export async function admitRequest(
  gates: { readonly authenticator: Authenticator; readonly authorizer: Authorizer },
  request: HttpRequest,
  info: RequestInfo,
): Promise<RequestContext> {
  const result = await gates.authenticator.authenticate(request);
  if (result.outcome !== 'authenticated') throw unauthorized();
  const user = await impersonated(result.user, request.headers, gates.authorizer);
  if (!alwaysAllowed.includes(info.path)) await authorize(gates.authorizer, attributesOf(user, info));
  return { request, info, user, warnings: [] };
}

import type { HttpRequest } from '@keelson/base';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Auditor } from '../audit/auditor.ts';
import type { Authenticator, UserInfo } from '../authentication/contract.ts';
import type { Authorizer } from '../authorization/contract.ts';
import type { GateMetrics } from '../observe/gate-metrics.ts';
import type { FlowControl, Seat } from '../priority-and-fairness/flow-control.ts';
import { attributesOf, authorize } from './authorize.ts';
import { impersonated } from './impersonation.ts';
import type { RequestContext } from './request-context.ts';
import type { RequestInfo } from './request-info.ts';
import { unauthorized } from './status-error.ts';

/** Paths that are answered to anybody who is known (kube-apiserver's --authorization-always-allow-paths). */
const alwaysAllowed = ['/healthz', '/livez', '/readyz'];

export interface RequestGates {
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly flowControl: FlowControl;
  /** Absent: nothing is told of requests. */
  readonly auditor?: Auditor;
  readonly metrics: GateMetrics;
}

/** What a request holds while it is answered; whoever answers it gives that back, however it ends. */
export interface Passage {
  seat: Seat | undefined;
  trail?: AuditTrail | undefined;
}

/**
 * Finds out who asks and whom they act as, waits for their turn, and asks whether they may.
 * @param passage is given the seat as soon as there is one
 * @throws StatusError 400, 401, 403, 429
 */
export async function admitRequest(
  gates: RequestGates,
  request: HttpRequest,
  info: RequestInfo,
  passage: Passage,
): Promise<RequestContext> {
  const result = await gates.authenticator.authenticate(request);
  const { auditor } = gates;
  gates.metrics.authenticated(result);
  if (result.outcome !== 'authenticated') {
    passage.trail = auditor?.begin(request, info, nobody);
    throw unauthorized();
  }
  const trail = auditor?.begin(request, info, result.user);
  passage.trail = trail;
  const user = await impersonated(result.user, request.headers, gates.authorizer);
  if (user !== result.user) trail?.impersonated(user);
  const seat = gates.flowControl.enter(user, info, request);
  passage.seat = seat instanceof Promise ? await seat : seat;
  if (!alwaysAllowed.includes(info.path))
    await authorize(gates.authorizer, attributesOf(user, info), trail && ((...what) => tellDecision(trail, ...what)));
  return { request, info, user, warnings: [], ...(trail ? { annotate: trail.annotate } : {}) };
}

/** Who showed credentials that nobody knows. */
const nobody: UserInfo = { name: '', groups: [] };

function tellDecision(trail: AuditTrail, decision: string, reason: string): void {
  trail.annotate('authorization.k8s.io/decision', decision);
  trail.annotate('authorization.k8s.io/reason', reason);
}

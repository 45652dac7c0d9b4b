import type { ApiObject } from '@keelson/model';
import type { Authorizer } from '../../authorization/contract.ts';
import type { AdmissionRequest } from '../contract.ts';
import { admissionBindings } from '../expressions/admission-bindings.ts';
import { Decisions } from '../expressions/decisions.ts';
import { askConditions } from '../expressions/match-conditions.ts';
import type { RequestMatch } from '../matching/index.ts';
import { forbidden } from '../refusal.ts';
import type { Hook } from './hook.ts';

/**
 * Whether the match conditions of a webhook let it be asked about a request.
 * @throws AdmissionError 403 when that cannot be told and the webhook's failure policy is Fail
 */
export async function passesConditions(
  hook: Hook,
  authorizer: Authorizer,
  request: AdmissionRequest,
  match: RequestMatch,
  objects: { readonly object: Readonly<ApiObject> | undefined; readonly previous: Readonly<ApiObject> | undefined },
): Promise<boolean> {
  if (hook.conditions.length === 0) return true;
  const verdict = await askConditions(hook.conditions, {
    bindings: admissionBindings(request, match, { ...objects, namespace: null }),
    decisions: new Decisions(authorizer, request.user),
    ignoresFailure: hook.ignoresFailure,
  });
  if ('error' in verdict) throw forbidden(request, verdict.error);
  return verdict.passes;
}

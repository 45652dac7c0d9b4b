import type { FieldError, Status, StatusDetails } from '@keelson/model';
import { aggregated, quoted } from './quoted.ts';

/** The Status of a request that a review or sub-resource refuses, as apimachinery's api/errors words them. */
function failure(code: number, reason: string, message: string, details?: StatusDetails): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details !== undefined ? { details } : {}),
    code,
  };
}

/** `pods`, or `deployments.apps`. */
export function qualifiedResource(group: string, resource: string): string {
  return group === '' ? resource : `${resource}.${group}`;
}

function detailsOf(group: string, kind: string, name: string): StatusDetails {
  return { name, ...(group !== '' ? { group } : {}), kind };
}

/** 400: the request makes no sense. */
export function badRequest(message: string): Status {
  return failure(400, 'BadRequest', message);
}

/** 404: `serviceaccounts "x" not found`. */
export function notFoundStatus(group: string, resource: string, name: string): Status {
  const message = `${qualifiedResource(group, resource)} ${quoted(name)} not found`;
  return failure(404, 'NotFound', message, detailsOf(group, resource, name));
}

/** 409: `Operation cannot be fulfilled on pods "x": …`. */
export function conflictStatus(group: string, resource: string, name: string, text: string): Status {
  const message = `Operation cannot be fulfilled on ${qualifiedResource(group, resource)} ${quoted(name)}: ${text}`;
  return failure(409, 'Conflict', message, detailsOf(group, resource, name));
}

/** 422 with a cause for each field: `TokenRequest.authentication.k8s.io "" is invalid: spec…: Invalid value: …`. */
export function invalidStatus(group: string, kind: string, name: string, errors: readonly FieldError[]): Status {
  const text = aggregated(errors.map((error) => `${error.field}: ${error.message}`));
  const message = `${qualifiedResource(group, kind)} ${quoted(name)} is invalid: ${text}`;
  const causes = errors.map((error) => ({ reason: error.type, message: error.message, field: error.field }));
  return failure(422, 'Invalid', message, { ...detailsOf(group, kind, name), causes });
}

/** What a review or sub-resource answers: an object (201), or the Status of the refusal. */
export type ReviewAnswer<T> = { readonly object: T } | { readonly status: Status };

import type { FieldError, GroupVersionKind, Status, StatusDetails } from '@keelson/model';

/** The part of a resource that messages name: `deployments.apps`. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/**
 * A refusal, thrown by whatever finds the reason and answered as a meta/v1 Status
 * (https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#response-status-kind).
 */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: Status;
  /** What the answer carries beside the usual. */
  headers: Readonly<Record<string, string>> | undefined;

  constructor(code: number, reason: string, message: string, details?: StatusDetails, continueToken?: string) {
    super(message);
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: continueToken === undefined ? {} : { continue: continueToken },
      status: 'Failure',
      message,
      reason,
      ...(details ? { details } : {}),
      code,
    };
  }

  get code(): number {
    return this.status.code!;
  }

  /** The same with `headers` in its answer. */
  with(headers: Readonly<Record<string, string>>): this {
    this.headers = headers;
    return this;
  }
}

/** `deployments.apps`, or `pods` for the core group. */
export function qualified(of: GroupResource): string {
  return of.group === '' ? of.resource : `${of.resource}.${of.group}`;
}

function detailsOf(of: GroupResource, name: string): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(of.group === '' ? {} : { group: of.group }),
    ...(of.resource === '' ? {} : { kind: of.resource }),
  };
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

export function unauthorized(): StatusError {
  return new StatusError(401, 'Unauthorized', 'Unauthorized');
}

/** `pods "x" is forbidden: <why>`; without a resource `forbidden: <why>`. */
export function forbidden(of: GroupResource, name: string, why: string): StatusError {
  const subject = of.resource === '' ? 'forbidden' : `${qualified(of)}${name === '' ? '' : ` "${name}"`} is forbidden`;
  return new StatusError(403, 'Forbidden', `${subject}: ${why}`, detailsOf(of, name));
}

export function notFound(of: GroupResource, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${qualified(of)} "${name}" not found`, detailsOf(of, name));
}

/** For a path that nothing serves. */
export function noSuchPath(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function methodNotAllowed(): StatusError {
  return new StatusError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}

export function alreadyExists(of: GroupResource, name: string): StatusError {
  return new StatusError(409, 'AlreadyExists', `${qualified(of)} "${name}" already exists`, detailsOf(of, name));
}

/** All generated names that were tried are taken; the client may try again. */
export function generatedNameTaken(of: GroupResource, name: string): StatusError {
  const message = `${qualified(of)} "${name}" already exists, the server was not able to generate a unique name for the object`;
  return new StatusError(409, 'AlreadyExists', message, { ...detailsOf(of, name), retryAfterSeconds: 1 });
}

export const modifiedText =
  'the object has been modified; please apply your changes to the latest version and try again';

export function conflict(of: GroupResource, name: string, why: string = modifiedText): StatusError {
  const message = `Operation cannot be fulfilled on ${qualified(of)} "${name}": ${why}`;
  return new StatusError(409, 'Conflict', message, detailsOf(of, name));
}

/** An apply that would give fields of other managers another value; each is a cause. */
export function applyConflict(message: string, causes: NonNullable<StatusDetails['causes']>): StatusError {
  return new StatusError(409, 'Conflict', message, { causes });
}

/** `Deployment.apps "x" is invalid: <errors>`, several in square brackets; each is a cause too. */
export function invalid(
  kind: Pick<GroupVersionKind, 'group' | 'kind'>,
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const texts = [...new Set(errors.map((error) => `${error.field}: ${error.message}`))];
  const text = texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
  const subject = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const details: StatusDetails = {
    ...(name === '' ? {} : { name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    ...(kind.kind === '' ? {} : { kind: kind.kind }),
    causes: errors.map((error) => ({ reason: error.type, message: error.message, field: error.field })),
  };
  return new StatusError(422, 'Invalid', `${subject} "${name}" is invalid: ${text}`, details);
}

export function expired(message: string, continueToken?: string): StatusError {
  return new StatusError(410, 'Expired', message, undefined, continueToken);
}

export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError(429, 'TooManyRequests', message, { retryAfterSeconds });
}

export function tooLarge(message: string): StatusError {
  return new StatusError(413, 'RequestEntityTooLarge', message);
}

export function unavailable(message: string): StatusError {
  return new StatusError(503, 'ServiceUnavailable', message, { retryAfterSeconds: 1 });
}

/** The same of something behind this server: it says why, and not when to come back. */
export function unavailableText(message: string): StatusError {
  return new StatusError(503, 'ServiceUnavailable', message);
}

/** The cache has not reached the revision that the client insists on. */
export function revisionTooLarge(wanted: number, current: number): StatusError {
  const message = `Timeout: Too large resource version: ${wanted}, current: ${current}`;
  return new StatusError(504, 'Timeout', message, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

export function internal(message: string): StatusError {
  return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ message }],
  });
}

/** What a patch that does not fit the object is answered with: upstream does not tell more. */
export function unprocessable(): StatusError {
  return new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}

/** A patched object that cannot be read, or has fields that do not exist. `value` is what the client is shown of it. */
export function invalidPatch(value: string, why: string): StatusError {
  const message = `Invalid value: ${JSON.stringify(value)}: ${why}`;
  return invalid({ group: '', kind: '' }, '', [{ type: 'FieldValueInvalid', field: 'patch', message }]);
}

/**
 * The error codes of the OCI distribution specification (section "Error Codes") and those that the reference
 * implementation adds, each with its HTTP status and its usual message.
 */
const table = {
  BLOB_UNKNOWN: [404, 'blob unknown to registry'],
  BLOB_UPLOAD_INVALID: [404, 'blob upload invalid'],
  BLOB_UPLOAD_UNKNOWN: [404, 'blob upload unknown to registry'],
  DENIED: [403, 'requested access to the resource is denied'],
  DIGEST_INVALID: [400, 'provided digest did not match uploaded content'],
  MANIFEST_BLOB_UNKNOWN: [400, 'blob unknown to registry'],
  MANIFEST_INVALID: [400, 'manifest invalid'],
  MANIFEST_UNKNOWN: [404, 'manifest unknown'],
  NAME_INVALID: [400, 'invalid repository name'],
  NAME_UNKNOWN: [404, 'repository name not known to registry'],
  PAGINATION_NUMBER_INVALID: [400, 'invalid number of results requested'],
  RANGE_INVALID: [416, 'invalid content range'],
  SIZE_INVALID: [400, 'provided length did not match content length'],
  TAG_INVALID: [400, 'manifest tag did not match URI'],
  TOOMANYREQUESTS: [429, 'too many requests'],
  UNAUTHORIZED: [401, 'authentication required'],
  UNAVAILABLE: [503, 'service unavailable'],
  UNKNOWN: [500, 'unknown error'],
  UNSUPPORTED: [405, 'The operation is unsupported.'],
} as const;

export type RegistryErrorCode = keyof typeof table;

export interface RegistryErrorOptions {
  /** What is known beyond the code: names, digests, limits. */
  readonly detail?: unknown;
  /** Another HTTP status than the code's usual one. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: string;
}

/** What the registry answers instead of what was asked for. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: RegistryErrorCode;
  readonly status: number;
  readonly detail: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: RegistryErrorCode, options: RegistryErrorOptions = {}) {
    const [status, message] = table[code];
    super(options.message ?? message);
    this.code = code;
    this.status = options.status ?? status;
    this.detail = options.detail;
    this.headers = options.headers ?? {};
  }

  /** The body that the specification gives an error: `{"errors":[{"code":…,"message":…,"detail":…}]}`. */
  toJson(): object {
    const { code, message, detail } = this;
    return { errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }] };
  }
}

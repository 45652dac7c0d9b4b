import type { Status, StatusDetails } from '@keelson/model';

/** A request that the API server refused: the Status it answered with. Network failures are other errors. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: Status;

  constructor(status: Status) {
    super(status.message ?? `the server answered with code ${status.code}`);
    this.status = status;
  }

  /** The HTTP code. */
  get code(): number {
    return this.status.code ?? 500;
  }

  /** `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Expired`, … (meta/v1 StatusReason). */
  get reason(): string {
    return this.status.reason ?? '';
  }

  get details(): StatusDetails | undefined {
    return this.status.details;
  }
}

/** True when `thrown` is an ApiError with this reason. */
export function hasReason(thrown: unknown, reason: string): thrown is ApiError {
  return thrown instanceof ApiError && thrown.reason === reason;
}

export const isNotFound = (thrown: unknown): boolean => hasReason(thrown, 'NotFound');
export const isConflict = (thrown: unknown): boolean => hasReason(thrown, 'Conflict');
export const isAlreadyExists = (thrown: unknown): boolean => hasReason(thrown, 'AlreadyExists');
/** A watch or list from a revision that is compacted away (410). */
export const isExpired = (thrown: unknown): boolean => hasReason(thrown, 'Expired') || hasReason(thrown, 'Gone');

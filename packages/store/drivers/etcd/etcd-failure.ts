import { type ServiceError, status } from '@grpc/grpc-js';
import { messageOf } from '@keelson/base';
import { StoreError, type StoreErrorCode } from '../../store.ts';

/** What etcd's errors mean to a store, by gRPC status and, where one status says several things, by the message. */
export function storeErrorOf(thrown: unknown): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const { code, details = messageOf(thrown) } = thrown as Partial<ServiceError>;
  return new StoreError(codeOf(code, details), details, { cause: thrown });
}

function codeOf(code: status | undefined, details: string): StoreErrorCode {
  switch (code) {
    case status.OUT_OF_RANGE:
      return details.includes('future revision') ? 'futureRevision' : 'compacted';
    case status.RESOURCE_EXHAUSTED:
      return details.includes('database space exceeded') ? 'noSpace' : 'unavailable';
    case status.INVALID_ARGUMENT:
      return 'invalidTransaction';
    case status.DATA_LOSS:
      return 'corrupt';
    default:
      return 'unavailable';
  }
}

/** The lease that a put names has expired meanwhile, so nothing was written. */
export function isLeaseNotFound(thrown: unknown): boolean {
  return (thrown as Partial<ServiceError>).code === status.NOT_FOUND;
}

/** The id that was chosen for a lease is taken. */
export function isLeaseTaken(thrown: unknown): boolean {
  const { code, details = '' } = thrown as Partial<ServiceError>;
  return code === status.FAILED_PRECONDITION && details.includes('lease already exists');
}

/** The endpoint cannot be reached or has no leader: another may do better. */
export function isEndpointLost(thrown: unknown): boolean {
  const { code } = thrown as Partial<ServiceError>;
  return code === status.UNAVAILABLE || code === status.CANCELLED || code === status.DEADLINE_EXCEEDED;
}

import type { HttpRequest, HttpResponse } from '@keelson/base';
import type { AwsError } from './aws-error.ts';
import type { Operation, ServiceTable } from './service-table.ts';

export type Input = Record<string, any>;

/** Names of errors that every service has, in the words of its protocol. */
export type CommonError =
  | 'missingAuthentication'
  | 'incompleteSignature'
  | 'unknownKey'
  | 'wrongSignature'
  | 'expiredRequest'
  | 'expiredToken'
  | 'invalidToken'
  | 'accessDenied'
  | 'unsupported'
  | 'internal'
  | 'tooLarge';

/**
 * One wire protocol, server side. Everything is read from the service's table; nothing here knows an operation.
 * Methods that decode throw AwsError for what a client got wrong, and never anything else.
 */
export interface Protocol {
  /** The operation that the request names. @throws AwsError naming it when the service has none such. */
  identify(table: ServiceTable, request: HttpRequest): Operation;
  /** The operation's input with its members' own names; timestamps are Dates. Not validated yet. */
  decode(table: ServiceTable, operation: Operation, request: HttpRequest): Input;
  encode(table: ServiceTable, operation: Operation, output: unknown, requestId: string): HttpResponse;
  encodeError(table: ServiceTable, error: AwsError, requestId: string): HttpResponse;
  /** An error that every service can give, with this protocol's code and status. */
  commonError(table: ServiceTable, error: CommonError, message?: string): AwsError;
}

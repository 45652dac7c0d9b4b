import type { AwsError, ServiceTable } from '@keelson/aws-protocol';
import type { Principal } from './principal.ts';

/** What an operation knows of its call besides its input. */
export interface CallContext {
  readonly principal: Principal;
  readonly requestId: string;
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
  /** When the request came; milliseconds since 1970. */
  readonly now: number;
  /** Aborts when the client has gone away. */
  readonly signal: AbortSignal;
  /** Where the client reached the front door: `127.0.0.1:4566`. */
  readonly host: string;
  /**
   * Whether the caller may also do `action` (`iam:PassRole`) to `resource`, for operations that need more than their own
   * permission. @throws AwsError in the service's words when not.
   */
  authorize(action: string, resource: string, conditions?: Readonly<Record<string, string>>): Promise<void>;
}

/**
 * One operation. `input` has the members' own names as the SDKs have them, validated by the table (required, lengths,
 * patterns, ranges, values); timestamps are Dates. The output has the same form; its timestamps may be Dates,
 * milliseconds or RFC 3339 texts, and members that the table does not know are left out. Refuses by throwing AwsError.
 */
export type OperationHandler = (input: any, context: CallContext) => Promise<unknown>;

/** A service behind the front door. */
export interface AwsService {
  readonly table: ServiceTable;
  /** By operation name. What the table knows and this does not answers with an error that names it. */
  readonly operations: Readonly<Record<string, OperationHandler>>;
  /** The ARNs that a call is about, for its authorisation; `*` when absent. */
  resourcesOf?(
    operation: string,
    input: any,
    context: Omit<CallContext, 'authorize'>,
  ): readonly string[] | Promise<readonly string[]>;
  /** What policies call the operation, when not by the service's and the operation's name. */
  actionOf?(operation: string): string;
  /** Operations that everybody may call who has signed the request (GetCallerIdentity). */
  readonly openOperations?: ReadonlySet<string>;
  /** Operations that bring their own proof of who calls, and are not signed (AssumeRoleWithWebIdentity). */
  readonly unsignedOperations?: ReadonlySet<string>;
}

/** Finds out whose key signed a request. */
export interface CredentialSource {
  /** `now` is in milliseconds since 1970. */
  resolve(accessKeyId: string, sessionToken: string | undefined, now: number): Promise<ResolvedCredentials>;
  /** Told of each call whose signature was good. Returns at once. */
  noteUse(accessKeyId: string, use: KeyUse): void;
}

/** A use of a key, as GetAccessKeyLastUsed tells it. */
export interface KeyUse {
  /** `eks`. */
  readonly service: string;
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export type ResolvedCredentials =
  | { readonly outcome: 'known'; readonly secretAccessKey: string; readonly principal: Principal }
  /** No such key, or it is inactive, or its owner is gone. */
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'expired' }
  /** The session token is none of this region, or not this key's. */
  | { readonly outcome: 'invalid' };

export interface AuthorizationRequest {
  readonly principal: Principal;
  /** `eks:CreateCluster`. */
  readonly action: string;
  readonly resource: string;
  /** Condition keys in lower case and their values, besides those that everybody has. */
  readonly conditions: Readonly<Record<string, string>>;
  readonly region: string;
  readonly now: number;
}

export type AuthorizationDecision =
  | { readonly outcome: 'allowed' }
  /** `reason` as AWS words it: `because no identity-based policy allows the eks:CreateCluster action`. */
  | { readonly outcome: 'denied'; readonly reason: string };

/** Decides by IAM policies. */
export interface Authorizer {
  authorize(request: AuthorizationRequest): Promise<AuthorizationDecision>;
}

export type { AwsError, Principal };

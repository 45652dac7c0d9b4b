/**
 * AWS STS: who am I, and temporary credentials. Nothing is stored: a session token holds what the session is, sealed
 * under the region's key. Federation (SAML, web identity) is not here.
 */
import type { ServiceTable } from '@keelson/aws-protocol';
import type { World } from '@keelson/base';
import type { Principal } from '../principal.ts';
import type { Sealer } from '../sealing.ts';
import type { AwsService } from '../service.ts';
import { assumeRole } from './assume-role.ts';
import { getAccessKeyInfo, getCallerIdentity } from './caller-identity.ts';
import { getSessionToken } from './session-token.ts';

/** A role as STS needs it. */
export interface AssumableRole {
  readonly roleName: string;
  readonly roleId: string;
  readonly arn: string;
  /** JSON. */
  readonly trustPolicy: string;
  /** Seconds. */
  readonly maxSessionDuration: number;
}

export interface TrustRequest {
  readonly principal: Principal;
  /** `sts:AssumeRole`. */
  readonly action: string;
  /** Condition keys in lower case. */
  readonly conditions: Readonly<Record<string, string>>;
  readonly now: number;
}

/** What STS asks of the account's identities. */
export interface RoleSource {
  /** The role with this ARN (or its name, whatever the path); undefined when there is none. */
  assumableRole(arn: string): Promise<AssumableRole | undefined>;
  /**
   * Whether the trust policy lets the principal do the action: by itself, or through its account, in which case the
   * principal's own policies decide.
   */
  trusts(role: AssumableRole, request: TrustRequest): 'denied' | 'principal' | 'account';
  /** What is wrong with a policy document; undefined when it can be evaluated. */
  policyProblem(document: string): string | undefined;
}

export interface StsOptions {
  readonly world: World;
  readonly sealer: Sealer;
  readonly roles: RoleSource;
  readonly table: ServiceTable;
}

export function createSts(options: StsOptions): AwsService {
  return {
    table: options.table,
    operations: {
      GetCallerIdentity: getCallerIdentity,
      GetAccessKeyInfo: getAccessKeyInfo,
      AssumeRole: (input, context) => assumeRole(options, input, context),
      GetSessionToken: (input, context) => getSessionToken(options, input, context),
    },
    // A role's trust policy has a say in AssumeRole, so that the operation asks the policies itself.
    openOperations: new Set(['GetCallerIdentity', 'GetSessionToken', 'AssumeRole']),
  };
}

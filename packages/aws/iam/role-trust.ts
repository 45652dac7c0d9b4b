import type { Role } from '@keelson/model/region/object-types.ts';
import type { Principal } from '../principal.ts';
import { iamArn, nameInArn } from './arns.ts';
import { conditionContext } from './authorizer.ts';
import type { IdentityStore } from './identity-store.ts';
import type { ConditionContext } from './policy/conditions.ts';
import { PolicyError, type PrincipalSet, parsePolicy } from './policy/document.ts';
import { evaluateTrust } from './policy/evaluate.ts';

/** A role as those need it who assume it (structurally STS' AssumableRole). */
export interface TrustedRole {
  readonly roleName: string;
  readonly roleId: string;
  readonly arn: string;
  readonly trustPolicy: string;
  readonly maxSessionDuration: number;
}

/** What is asked of a trust policy (structurally STS' TrustRequest). */
export interface TrustQuestion {
  readonly principal: Principal;
  readonly action: string;
  readonly conditions: ConditionContext;
  readonly now: number;
}

/** The roles of the account, for STS, and for services that take a role to act in (EKS, EC2). */
export class RoleTrust {
  readonly #store: IdentityStore;
  readonly #account: string;

  constructor(store: IdentityStore, account: string) {
    this.#store = store;
    this.#account = account;
  }

  async assumableRole(arn: string): Promise<TrustedRole | undefined> {
    if (!arn.startsWith(`arn:aws:iam::${this.#account}:role/`)) return undefined;
    return this.roleByName(nameInArn(arn));
  }

  async roleByName(name: string): Promise<TrustedRole | undefined> {
    const role = await this.#store.roles.find(name);
    return role === undefined ? undefined : this.#describe(role);
  }

  #describe(role: Role): TrustedRole {
    const { roleName, roleId, path, assumeRolePolicyDocument, maxSessionDuration } = role.spec;
    const arn = iamArn(this.#account, 'role', path, roleName);
    return { roleName, roleId, arn, trustPolicy: assumeRolePolicyDocument, maxSessionDuration };
  }

  /** `principal`: the policy names the caller; `account`: it names the account, and the caller's own policies decide. */
  trusts(role: TrustedRole, question: TrustQuestion): 'denied' | 'principal' | 'account' {
    const document = parsePolicy(role.trustPolicy, 'trust');
    const request = { action: question.action, resource: role.arn, context: conditionContext(question) };
    const named = (set: PrincipalSet) => namesPrincipal(set, question.principal);
    const any = (set: PrincipalSet) => named(set) || namesAccount(set, question.principal);
    const verdict = evaluateTrust(document, request, any);
    if (verdict !== 'allow') return 'denied';
    return evaluateTrust(document, request, named) === 'allow' ? 'principal' : 'account';
  }

  /** Whether the role lets an AWS service (`eks.amazonaws.com`) act in it. */
  trustsService(role: TrustedRole, service: string, now: number): boolean {
    const document = parsePolicy(role.trustPolicy, 'trust');
    const context = { 'aws:currenttime': new Date(now).toISOString(), 'aws:sourceaccount': this.#account };
    const request = { action: 'sts:AssumeRole', resource: role.arn, context };
    return evaluateTrust(document, request, (set) => set.service.includes(service) || set.any) === 'allow';
  }

  policyProblem(document: string): string | undefined {
    try {
      parsePolicy(document, 'identity');
      return undefined;
    } catch (thrown) {
      if (thrown instanceof PolicyError) return thrown.message;
      throw thrown;
    }
  }
}

function namesPrincipal(set: PrincipalSet, principal: Principal): boolean {
  return set.aws.some(
    (name) => name === principal.arn || name === principal.identityArn || name === principal.principalId,
  );
}

function namesAccount(set: PrincipalSet, principal: Principal): boolean {
  return (
    set.any || set.aws.some((name) => name === principal.account || name === `arn:aws:iam::${principal.account}:root`)
  );
}

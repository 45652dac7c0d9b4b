import type { UserInfo } from '../authentication/contract.ts';
import { aggregated } from '../authentication/quoted.ts';
import type { Attributes, AuthorizationResult, Authorizer, ResourceRules } from './contract.ts';
import { type PolicyRule, ruleAllows } from './policy-rule.ts';
import type { RbacIndex } from './rbac-index.ts';

/** Role-based access control: who a binding names may do what the role allows. Never denies, only has no opinion. */
export class RbacAuthorizer implements Authorizer {
  readonly #index: RbacIndex;

  constructor(index: RbacIndex) {
    this.#index = index;
  }

  async authorize(attributes: Attributes): Promise<AuthorizationResult> {
    let reason: string | undefined;
    let errors: string[] | undefined;
    this.#index.visitRules(attributes.user, attributes.namespace, (rules, error, source) => {
      if (error !== undefined) (errors ??= []).push(error);
      for (const rule of rules) {
        if (!ruleAllows(rule, attributes)) continue;
        reason = `RBAC: allowed by ${source()}`;
        return false;
      }
      return true;
    });
    if (reason !== undefined) return { decision: 'allow', reason };
    return { decision: 'noOpinion', reason: errors === undefined ? '' : `RBAC: ${aggregated(errors)}` };
  }

  async rulesFor(user: UserInfo, namespace: string): Promise<ResourceRules> {
    const { rules, errors } = this.rulesOf(user, namespace);
    return {
      ...resourceRules(rules),
      incomplete: false,
      ...(errors.length > 0 ? { evaluationError: aggregated(errors) } : {}),
    };
  }

  /** Every rule that `user` has in `namespace`, and what went wrong in finding them. */
  rulesOf(user: UserInfo, namespace: string): { rules: PolicyRule[]; errors: string[] } {
    const found: PolicyRule[] = [];
    const errors: string[] = [];
    this.#index.visitRules(user, namespace, (rules, error) => {
      found.push(...rules);
      if (error !== undefined) errors.push(error);
      return true;
    });
    return { rules: found, errors };
  }
}

/** Rules in the form of SelfSubjectRulesReview. */
export function resourceRules(rules: readonly PolicyRule[]): Pick<ResourceRules, 'resourceRules' | 'nonResourceRules'> {
  return {
    resourceRules: rules
      .filter((rule) => (rule.resources ?? []).length > 0)
      .map((rule) => ({
        verbs: [...rule.verbs],
        ...(rule.apiGroups !== undefined ? { apiGroups: [...rule.apiGroups] } : {}),
        resources: [...rule.resources!],
        ...((rule.resourceNames ?? []).length > 0 ? { resourceNames: [...rule.resourceNames!] } : {}),
      })),
    nonResourceRules: rules
      .filter((rule) => (rule.nonResourceURLs ?? []).length > 0)
      .map((rule) => ({ verbs: [...rule.verbs], nonResourceURLs: [...rule.nonResourceURLs!] })),
  };
}

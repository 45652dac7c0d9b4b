/** What Role and ClusterRole have in common: rules. */
import { type FieldError, index, invalid, required } from '../../field-error.ts';
import { nameProblems } from '../../metadata/names.ts';

export const RBAC_GROUP = 'rbac.authorization.k8s.io';

export interface PolicyRule {
  verbs?: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

function ruleErrors(at: string, rule: PolicyRule, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  if (verbs.length === 0) errors.push(required(`${at}.verbs`, 'verbs must contain at least one value'));
  if (nonResourceURLs.length > 0) {
    if (namespaced) {
      const text = 'namespaced rules cannot apply to non-resource URLs';
      errors.push(invalid(`${at}.nonResourceURLs`, nonResourceURLs, text));
    }
    if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) {
      const text = 'rules cannot apply to both regular resources and non-resource URLs';
      errors.push(invalid(`${at}.nonResourceURLs`, nonResourceURLs, text));
    }
    return errors;
  }
  if (apiGroups.length === 0)
    errors.push(required(`${at}.apiGroups`, 'resource rules must supply at least one api group'));
  if (resources.length === 0)
    errors.push(required(`${at}.resources`, 'resource rules must supply at least one resource'));
  return errors;
}

export function rulesErrors(rules: readonly PolicyRule[] | undefined, namespaced: boolean): FieldError[] {
  return (rules ?? []).flatMap((rule, position) => ruleErrors(index('rules', position), rule, namespaced));
}

/** Names of RBAC objects stand in URLs, and may hold colons. */
export function rbacNameErrors(field: string, name: string): FieldError[] {
  return nameProblems('pathSegment', name).map((problem) => invalid(field, name, problem));
}

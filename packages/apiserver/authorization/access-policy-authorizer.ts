import type { UserInfo } from '../authentication/contract.ts';
import { quoted } from '../authentication/quoted.ts';
import type { Attributes, AuthorizationResult, Authorizer, ResourceRules } from './contract.ts';
import { type PolicyRule, ruleAllows } from './policy-rule.ts';
import { resourceRules } from './rbac-authorizer.ts';

/** Rules that come with the user instead of from bindings in the cluster. */
export interface AccessPolicyGrant {
  /** Who or what granted it, for the reason of a decision. */
  readonly name?: string;
  readonly rules: readonly PolicyRule[];
  /** Where the rules hold: the whole cluster, or these namespaces, in which `*` stands for any characters (`dev-*`). */
  readonly namespaces: '*' | readonly string[];
}

/** The key of UserInfo.attachments that the grants ride under. */
const attachment = 'accessPolicies';

/** `user` with `grants` for the AccessPolicyAuthorizer of the same server. */
export function withAccessPolicies(user: UserInfo, grants: readonly AccessPolicyGrant[]): UserInfo {
  return { ...user, attachments: { ...user.attachments, [attachment]: grants } };
}

function grantsOf(user: UserInfo): readonly AccessPolicyGrant[] {
  const grants = user.attachments?.[attachment];
  return Array.isArray(grants) ? (grants as readonly AccessPolicyGrant[]) : [];
}

/** Decides by the grants that the authenticator attached to the user. Never denies. */
export class AccessPolicyAuthorizer implements Authorizer {
  async authorize(attributes: Attributes): Promise<AuthorizationResult> {
    for (const grant of grantsOf(attributes.user)) {
      if (!holdsIn(grant, attributes.resourceRequest ? attributes.namespace : '')) continue;
      if (!grant.rules.some((rule) => ruleAllows(rule, attributes))) continue;
      const by = grant.name === undefined ? '' : ` by ${quoted(grant.name)}`;
      return { decision: 'allow', reason: `access policy: allowed${by}` };
    }
    return { decision: 'noOpinion', reason: '' };
  }

  async rulesFor(user: UserInfo, namespace: string): Promise<ResourceRules> {
    const rules = grantsOf(user).filter((grant) => holdsIn(grant, namespace));
    return { ...resourceRules(rules.flatMap((grant) => grant.rules)), incomplete: false };
  }
}

function holdsIn(grant: AccessPolicyGrant, namespace: string): boolean {
  if (grant.namespaces === '*') return true;
  return namespace !== '' && grant.namespaces.some((pattern) => globMatches(pattern, namespace));
}

/** Linear in the length of both: a pattern is the user's, so it must not be able to make matching slow. */
function globMatches(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === text;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  const last = rest.pop()!;
  for (const piece of rest) {
    const at = text.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}

import type { UserInfo } from '../authentication/contract.ts';
import { aggregated } from '../authentication/quoted.ts';
import { mastersGroup } from '../authentication/well-known-users.ts';
import type { Attributes, AuthorizationResult, Authorizer, ResourceRules } from './contract.ts';

/** Asks each authority in turn; the first that allows or denies decides. At the end nobody does: no opinion. */
export class AuthorizerChain implements Authorizer {
  readonly #members: readonly Authorizer[];

  constructor(members: readonly Authorizer[]) {
    this.#members = members;
  }

  async authorize(attributes: Attributes): Promise<AuthorizationResult> {
    const reasons: string[] = [];
    for (const member of this.#members) {
      const result = await member.authorize(attributes);
      if (result.decision !== 'noOpinion') return result;
      if (result.reason !== '') reasons.push(result.reason);
    }
    return { decision: 'noOpinion', reason: reasons.join('\n') };
  }

  async rulesFor(user: UserInfo, namespace: string): Promise<ResourceRules> {
    const resourceRules: ResourceRules['resourceRules'][number][] = [];
    const nonResourceRules: ResourceRules['nonResourceRules'][number][] = [];
    const errors: string[] = [];
    let incomplete = false;
    for (const member of this.#members) {
      const rules = await member.rulesFor?.(user, namespace);
      if (rules === undefined) continue;
      resourceRules.push(...rules.resourceRules);
      nonResourceRules.push(...rules.nonResourceRules);
      incomplete ||= rules.incomplete;
      if (rules.evaluationError !== undefined) errors.push(rules.evaluationError);
    }
    return {
      resourceRules,
      nonResourceRules,
      incomplete,
      ...(errors.length > 0 ? { evaluationError: aggregated(errors) } : {}),
    };
  }
}

const everything = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
};

const nothing = { resourceRules: [], nonResourceRules: [], incomplete: false };

/** Allows whoever is in system:masters everything, before any other authority is asked. */
export class MastersAuthorizer implements Authorizer {
  async authorize(attributes: Attributes): Promise<AuthorizationResult> {
    const allowed = attributes.user.groups.includes(mastersGroup);
    return { decision: allowed ? 'allow' : 'noOpinion', reason: '' };
  }

  async rulesFor(user: UserInfo): Promise<ResourceRules> {
    return user.groups.includes(mastersGroup) ? everything : nothing;
  }
}

/** Allows everybody everything: the mode AlwaysAllow, for tests of other things. */
export class AlwaysAllowAuthorizer implements Authorizer {
  async authorize(): Promise<AuthorizationResult> {
    return { decision: 'allow', reason: '' };
  }

  async rulesFor(): Promise<ResourceRules> {
    return everything;
  }
}

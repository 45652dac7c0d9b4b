import type { Principal } from '../principal.ts';
import type { AuthorizationDecision, AuthorizationRequest, Authorizer } from '../service.ts';
import { nameInArn } from './arns.ts';
import type { IdentityStore } from './identity-store.ts';
import { managedPolicyDocument } from './managed-policies.ts';
import type { ConditionContext } from './policy/conditions.ts';
import { type PolicyDocument, parsePolicy } from './policy/document.ts';
import { evaluatePolicies, type PolicyRequest } from './policy/evaluate.ts';

interface IdentityPolicies {
  readonly documents: readonly PolicyDocument[];
  readonly boundary: PolicyDocument | undefined;
}

/** Decides by the identity's policies, its permissions boundary and the session's policy. The account's root may all. */
export function createAuthorizer(store: IdentityStore): Authorizer {
  return { authorize: (request) => decide(store, request) };
}

async function decide(store: IdentityStore, request: AuthorizationRequest): Promise<AuthorizationDecision> {
  if (request.principal.kind === 'root') return { outcome: 'allowed' };
  const { documents, boundary } = await policiesOf(store, request.principal);
  const question: PolicyRequest = {
    action: request.action,
    resource: request.resource,
    context: conditionContext(request),
  };
  const session = request.principal.sessionPolicy;
  const layers: readonly [string, readonly PolicyDocument[] | undefined][] = [
    ['identity-based policy', documents],
    ['permissions boundary', boundary && [boundary]],
    ['session policy', session === undefined ? undefined : [parsePolicy(session, 'identity')]],
  ];
  const verdicts = layers
    .filter(([, policies]) => policies !== undefined)
    .map(([name, policies]) => [name, evaluatePolicies(policies!, question)] as const);
  const denied = verdicts.find(([, verdict]) => verdict === 'explicitDeny');
  if (denied !== undefined) return { outcome: 'denied', reason: `with an explicit deny in ${article(denied[0])}` };
  const silent = verdicts.find(([, verdict]) => verdict === 'implicitDeny');
  if (silent !== undefined)
    return { outcome: 'denied', reason: `because no ${silent[0]} allows the ${request.action} action` };
  return { outcome: 'allowed' };
}

function article(name: string): string {
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}

/** The policies of the user or role that is there now. One that is gone, or another of the same name, may nothing. */
async function policiesOf(store: IdentityStore, principal: Principal): Promise<IdentityPolicies> {
  const none: IdentityPolicies = { documents: [], boundary: undefined };
  const user = principal.kind === 'user' ? await store.users.find(principal.name) : undefined;
  const role = principal.kind === 'role' ? await store.roles.find(principal.name) : undefined;
  if ((user?.spec.userId ?? role?.spec.roleId) !== principal.principalId) return none;
  const spec = (user ?? role)!.spec;
  const documents = Object.values(spec.inlinePolicies ?? {}).map((text) => parsePolicy(text, 'identity'));
  for (const arn of spec.attachedPolicies ?? []) {
    const document = await policyByArn(store, arn);
    if (document !== undefined) documents.push(document);
  }
  const boundary =
    spec.permissionsBoundary === undefined ? undefined : await policyByArn(store, spec.permissionsBoundary);
  return { documents, boundary };
}

async function policyByArn(store: IdentityStore, arn: string): Promise<PolicyDocument | undefined> {
  const managed = managedPolicyDocument(arn);
  if (managed !== undefined) return parsePolicy(managed, 'identity');
  const policy = await store.policies.find(nameInArn(arn));
  const version = policy?.spec.versions.find(({ versionId }) => versionId === policy.spec.defaultVersionId);
  return version === undefined ? undefined : parsePolicy(version.document, 'identity');
}

/** The condition keys that every request has ("AWS global condition context keys"), and the request's own. */
export function conditionContext(request: {
  readonly principal: Principal;
  readonly conditions: ConditionContext;
  readonly now: number;
  readonly region?: string;
}): ConditionContext {
  const { principal, now, region } = request;
  const tags = Object.entries(principal.sessionTags ?? {}).map(([key, value]) => [
    `aws:principaltag/${key.toLowerCase()}`,
    value,
  ]);
  return {
    'aws:currenttime': new Date(now).toISOString(),
    'aws:epochtime': String(Math.floor(now / 1000)),
    'aws:principalaccount': principal.account,
    'aws:principalarn': principal.identityArn,
    'aws:principaltype': { root: 'Account', user: 'User', role: 'AssumedRole' }[principal.kind],
    'aws:userid': principal.userId,
    ...(principal.kind === 'user' ? { 'aws:username': principal.name } : {}),
    ...(region === undefined ? {} : { 'aws:requestedregion': region }),
    ...Object.fromEntries(tags),
    ...request.conditions,
  };
}

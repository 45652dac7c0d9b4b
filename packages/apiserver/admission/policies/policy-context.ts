import type { ApiObject, ResourceCatalogue } from '@keelson/model';
import type { Authorizer } from '../../authorization/contract.ts';
import type { AdmissionRequest, ObjectReader } from '../contract.ts';
import { isAdmissionConfiguration, type RequestMatch, type RequestMatcher } from '../matching/index.ts';
import { missing } from '../refusal.ts';
import type { Binding, CompiledPolicy } from './policy.ts';
import type { BoundPolicy } from './policy-list.ts';
import { ConfigurationProblem, checkParamKind, type Params, paramsFilled, paramsOf } from './policy-params.ts';

/** What the admission plug-ins of policies are given. */
export interface PolicyTools {
  readonly reader: ObjectReader;
  readonly catalogue: ResourceCatalogue;
  readonly matcher: RequestMatcher;
  readonly authorizer: Authorizer;
}

/** Reviews of who may do what: policies are not asked about them. */
const reviews = new Set([
  'selfsubjectreviews.authentication.k8s.io',
  'tokenreviews.authentication.k8s.io',
  'localsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io',
  'subjectaccessreviews.authorization.k8s.io',
]);

/** True when no policy is asked about this write. */
export function isExempt(request: AdmissionRequest): boolean {
  const { group, resource } = request.resource;
  return isAdmissionConfiguration(request) || reviews.has(`${resource}.${group}`);
}

/** A policy that is for the request, through one of its bindings. */
export interface Invocation<Policy> {
  readonly policy: Policy;
  readonly binding: Binding;
  readonly match: RequestMatch;
  readonly params: Params;
}

/** Something about a policy, or a binding of it, that cannot be as it is configured. */
export interface Misconfiguration<Policy> {
  readonly policy: Policy;
  readonly binding: Binding | undefined;
  readonly message: string;
}

/** Waits until the parameters of the policies that a request is for can be looked up; undefined when they can be already. */
export function policiesReady(
  tools: PolicyTools,
  bound: readonly BoundPolicy<CompiledPolicy>[],
  request: AdmissionRequest,
): Promise<unknown> | undefined {
  const filling = bound.flatMap(({ policy }) => {
    const filled = paramsFilled(tools, policy.spec['paramKind']);
    return filled !== undefined && tools.matcher.match(policy.constraints, request) !== undefined ? [filled] : [];
  });
  return filling.length > 0 ? Promise.all(filling) : undefined;
}

/** Finds which policies a request is for, with what parameters; and what is wrong with those that cannot be asked. */
export function invocationsFor<Policy extends CompiledPolicy>(
  tools: PolicyTools,
  bound: readonly BoundPolicy<Policy>[],
  request: AdmissionRequest,
): { invocations: Invocation<Policy>[]; problems: Misconfiguration<Policy>[] } {
  const invocations: Invocation<Policy>[] = [];
  const problems: Misconfiguration<Policy>[] = [];
  for (const { policy, bindings } of bound) {
    const match = tools.matcher.match(policy.constraints, request);
    if (match === undefined) continue;
    const problem = configuring(() => checkParamKind(tools.catalogue, policy.spec['paramKind']));
    if (problem !== undefined) {
      problems.push({ policy, binding: undefined, message: `failed to configure policy: ${problem}` });
      continue;
    }
    for (const binding of bindings) {
      if (binding.constraints !== undefined && tools.matcher.match(binding.constraints, request) === undefined)
        continue;
      const wrong = configuring(() => {
        const { paramKind } = policy.spec;
        const params = paramsOf(tools, paramKind, binding.spec['paramRef'], request.namespace);
        if (params.length > 0) invocations.push({ policy, binding, match, params });
      });
      if (wrong !== undefined) problems.push({ policy, binding, message: `failed to configure binding: ${wrong}` });
    }
  }
  return { invocations, problems };
}

function configuring(configure: () => void): string | undefined {
  try {
    configure();
    return undefined;
  } catch (error) {
    if (error instanceof ConfigurationProblem) return error.message;
    throw error;
  }
}

/** The namespace that the request is in; null for objects of the cluster. @throws AdmissionError 404 */
export function namespaceOf(reader: ObjectReader, request: AdmissionRequest): Readonly<ApiObject> | null {
  const { group, resource } = request.resource;
  if (request.namespace === '' || (group === '' && resource === 'namespaces')) return null;
  const namespace = reader.get('', 'namespaces', '', request.namespace);
  if (namespace === undefined) throw missing('', 'namespaces', request.namespace);
  return namespace;
}

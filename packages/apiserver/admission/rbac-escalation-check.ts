import { type ApiObject, sameValue } from '@keelson/model';
import { quoted, quotedList } from '../authentication/quoted.ts';
import { mastersGroup } from '../authentication/well-known-users.ts';
import type { Attributes, Authorizer } from '../authorization/contract.ts';
import { describeRule, type PolicyRule } from '../authorization/policy-rule.ts';
import type { RbacAuthorizer } from '../authorization/rbac-authorizer.ts';
import type { RbacIndex, RoleRef } from '../authorization/rbac-index.ts';
import { compactRules, uncoveredRules } from '../authorization/rule-cover.ts';
import { AdmissionError, type AdmissionPlugin, type AdmissionRequest } from './contract.ts';
import { forbidden, nameOf } from './refusal.ts';

const group = 'rbac.authorization.k8s.io';
const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/**
 * Nobody gives away by roles or bindings what they do not have themselves, unless they may `escalate` the role or
 * `bind` it, or are in system:masters. In kube-apiserver the storage of the RBAC kinds checks this; here it is a plug-in.
 */
export class RbacEscalationCheck implements AdmissionPlugin {
  readonly name = 'RBACEscalationCheck';
  readonly #authorizer: Authorizer;
  readonly #rbac: RbacAuthorizer;
  readonly #index: RbacIndex;

  /** @param authorizer the server's whole chain, asked about the verbs escalate and bind */
  constructor(authorizer: Authorizer, rbac: RbacAuthorizer, index: RbacIndex) {
    this.#authorizer = authorizer;
    this.#rbac = rbac;
    this.#index = index;
  }

  mutate(request: AdmissionRequest): Promise<void> | void {
    if (request.resource.group !== group || request.object === undefined) return;
    if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return;
    if (request.user.groups.includes(mastersGroup) || changesOnlyOwnership(request)) return;
    switch (request.resource.resource) {
      case 'roles':
      case 'clusterroles':
        return this.#role(request, request.object);
      case 'rolebindings':
      case 'clusterrolebindings':
        return this.#binding(request, request.object);
    }
  }

  async #role(request: AdmissionRequest, role: Readonly<ApiObject>): Promise<void> {
    const { resource } = request.resource;
    const name = request.operation === 'CREATE' ? '' : (nameOf(request) ?? '');
    if (await this.#may(request, 'escalate', request.resource.version, resource, name)) return;
    this.#confirmHeld(request, role['rules'] ?? []);
    if (!role['aggregationRule'] && !request.previous?.['aggregationRule']) return;
    // It could gather anything, so whoever writes it must hold everything.
    if (uncoveredRules(this.#rbac.rulesOf(request.user, '').rules, everything).length === 0) return;
    throw forbidden(request, 'must have cluster-admin privileges to use an aggregationRule');
  }

  async #binding(request: AdmissionRequest, binding: Readonly<ApiObject>): Promise<void> {
    const roleRef: RoleRef = binding['roleRef'] ?? { kind: '', name: '' };
    const resource = roleRef.kind === 'ClusterRole' ? 'clusterroles' : roleRef.kind === 'Role' ? 'roles' : undefined;
    if (resource !== undefined && (await this.#may(request, 'bind', '', resource, roleRef.name))) return;
    const found = this.#index.rulesOfRole(roleRef, request.namespace);
    if ('rules' in found) return this.#confirmHeld(request, found.rules);
    if (resource === undefined) throw new AdmissionError(found.missing, 500, 'InternalError');
    const kind = resource.slice(0, -1);
    throw new AdmissionError(found.missing, 404, 'NotFound', { name: roleRef.name, group, kind });
  }

  async #may(
    request: AdmissionRequest,
    verb: string,
    apiVersion: string,
    resource: string,
    name: string,
  ): Promise<boolean> {
    const asked: Attributes = {
      user: request.user,
      verb,
      resourceRequest: true,
      namespace: request.namespace,
      apiGroup: group,
      apiVersion: apiVersion === '' ? '*' : apiVersion,
      resource,
      subresource: '',
      name,
      path: '',
    };
    return (await this.#authorizer.authorize(asked)).decision === 'allow';
  }

  #confirmHeld(request: AdmissionRequest, wanted: readonly PolicyRule[]): void {
    const held = this.#rbac.rulesOf(request.user, request.namespace);
    const lacking = uncoveredRules(held.rules, wanted);
    if (lacking.length === 0) return;
    const { name, groups } = request.user;
    const rules = [...new Set(compactRules(lacking).map(describeRule))].sort().join('\n');
    const text = `user ${quoted(name)} (groups=${quotedList(groups)}) is attempting to grant RBAC permissions not currently held:\n${rules}`;
    const errors = held.errors.length > 0 ? `; resolution errors: [${held.errors.join(', ')}]` : '';
    throw forbidden(request, text + errors);
  }
}

/** The garbage collector must be able to release what it may not grant. */
function changesOnlyOwnership({ operation, object, previous }: AdmissionRequest): boolean {
  if (operation !== 'UPDATE' || object === undefined || previous === undefined) return false;
  const rest = ({ metadata: whole = {}, ...content }: Readonly<ApiObject>) => {
    const { ownerReferences: _owners, finalizers: _finalizers, managedFields: _fields, ...metadata } = whole;
    return { ...content, metadata: { ...metadata, resourceVersion: '' } };
  };
  return sameValue(rest(object), rest(previous));
}

import type { ApiObject } from '@keelson/model';
import {
  authenticatedGroup,
  mastersGroup,
  monitoringGroup,
  nodesGroup,
  serviceAccountsGroup,
  unauthenticatedGroup,
} from '../../authentication/well-known-users.ts';
import { effectiveRules } from '../cluster-role-aggregation.ts';
import type { PolicyRule } from '../policy-rule.ts';
import { aggregatedParts, clusterRoles, nodeRole } from './cluster-roles.ts';
import { controllerRoles } from './controller-roles.ts';
import { managedRoles, publicRoles, systemRoles } from './namespace-roles.ts';
import { type NotedRole, readRoles } from './policy-notation.ts';

const group = 'rbac.authorization.k8s.io';
const apiVersion = `${group}/v1`;
const aggregate = `${group}/aggregate-to-`;
/** On a role or binding of Kubernetes' own: `false` tells the server to leave it as it is. */
export const autoUpdateAnnotation = 'rbac.authorization.kubernetes.io/autoupdate';

interface Subject {
  readonly kind: 'Group' | 'ServiceAccount' | 'User';
  readonly apiGroup?: string;
  readonly name: string;
  readonly namespace?: string;
}

/**
 * Every Role, ClusterRole and binding that a cluster of version 1.`minor` starts with: Kubernetes' defaults, and what EKS
 * adds. The rules of admin, edit and view are filled in. All are kept up by `reconcilePolicy` at each start.
 */
export function bootstrapPolicy(minor: number): ApiObject[] {
  const controllers = readRoles(controllerRoles, minor);
  return [
    ...defaultClusterRoles(minor),
    ...controllers.map(({ name, rules }) => role({ name: `system:controller:${name}`, rules })),
    ...clusterBindings(),
    ...controllers.map(({ name }) => binding(`system:controller:${name}`, [account('kube-system', name)])),
    ...readRoles(systemRoles, minor).map((noted) => role(noted, 'kube-system')),
    ...readRoles(publicRoles, minor).map((noted) => role(noted, 'kube-public')),
    ...namespaceBindings(),
    ...managedPolicy(minor),
  ];
}

/** The rules of system:node, which the node authoriser applies to every node without a binding. */
export function nodeRules(minor: number): readonly PolicyRule[] {
  return readRoles(nodeRole, minor)[0]!.rules;
}

function defaultClusterRoles(minor: number): ApiObject[] {
  const parts = readRoles(aggregatedParts, minor).map((noted) => {
    const part = role(noted);
    part.metadata!.labels![`${group}/${noted.name.slice('system:'.length)}`] = 'true';
    return part;
  });
  const gathered = [aggregated('admin'), aggregated('edit', 'admin'), aggregated('view', 'edit')];
  const all = new Map([...parts, ...gathered].map((object) => [object.metadata!.name!, object]));
  const rules = gathered.map((object) => effectiveRules(object, all));
  gathered.forEach((object, index) => {
    object['rules'] = rules[index]!;
  });
  const plain = [...readRoles(clusterRoles, minor), ...readRoles(nodeRole, minor)].map((noted) => role(noted));
  return [...plain, ...gathered, ...parts];
}

/** A ClusterRole that gathers its rules, and is itself gathered into another one. */
function aggregated(name: string, into?: string): ApiObject {
  const object = role({ name, rules: [] });
  if (into !== undefined) object.metadata!.labels![`${aggregate}${into}`] = 'true';
  return {
    ...object,
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [`${aggregate}${name}`]: 'true' } }] },
  };
}

function clusterBindings(): ApiObject[] {
  return [
    binding('cluster-admin', [groupSubject(mastersGroup)]),
    binding('system:monitoring', [groupSubject(monitoringGroup)]),
    binding('system:discovery', [groupSubject(authenticatedGroup)]),
    binding('system:basic-user', [groupSubject(authenticatedGroup)]),
    binding('system:public-info-viewer', [groupSubject(authenticatedGroup), groupSubject(unauthenticatedGroup)]),
    binding('system:node-proxier', [userSubject('system:kube-proxy')]),
    binding('system:kube-controller-manager', [userSubject('system:kube-controller-manager')]),
    binding('system:kube-dns', [account('kube-system', 'kube-dns')]),
    binding('system:kube-scheduler', [userSubject('system:kube-scheduler')]),
    binding('system:volume-scheduler', [userSubject('system:kube-scheduler')]),
    // Nodes get their rights from the node authoriser; the binding stays without subjects.
    binding('system:node', []),
    binding('system:service-account-issuer-discovery', [groupSubject(serviceAccountsGroup)]),
  ];
}

function namespaceBindings(): ApiObject[] {
  const manager = 'system:kube-controller-manager';
  const scheduler = 'system:kube-scheduler';
  const system = 'kube-system';
  const reader = { kind: 'Role', name: 'extension-apiserver-authentication-reader' };
  const bind = (name: string, subjects: Subject[], namespace = system) =>
    binding(name, subjects, { kind: 'Role', name }, namespace);
  return [
    binding(
      'system::extension-apiserver-authentication-reader',
      [userSubject(manager), userSubject(scheduler)],
      reader,
      system,
    ),
    bind('system::leader-locking-kube-controller-manager', [
      userSubject(manager),
      account(system, 'kube-controller-manager'),
    ]),
    bind('system::leader-locking-kube-scheduler', [userSubject(scheduler), account(system, 'kube-scheduler')]),
    bind('system:controller:bootstrap-signer', [account(system, 'bootstrap-signer')]),
    bind('system:controller:cloud-provider', [account(system, 'cloud-provider')]),
    bind('system:controller:token-cleaner', [account(system, 'token-cleaner')]),
    bind('system:controller:bootstrap-signer', [account(system, 'bootstrap-signer')], 'kube-public'),
  ];
}

function managedPolicy(minor: number): ApiObject[] {
  const clusterRole = (name: string) => ({ kind: 'ClusterRole', name });
  return [
    ...readRoles(managedRoles, minor).map((noted) => role(noted)),
    binding('eks:node-bootstrapper', [groupSubject('system:bootstrappers'), groupSubject(nodesGroup)]),
    binding('eks:kube-proxy', [account('kube-system', 'kube-proxy')], clusterRole('system:node-proxier')),
    binding('eks:addon-cluster-admin', [userSubject('eks:addon-manager')], clusterRole('cluster-admin')),
    binding('eks:certificate-controller', [userSubject('eks:certificate-controller')], {
      kind: 'ClusterRole',
      name: 'system:controller:certificate-controller',
    }),
    binding('system:coredns', [account('kube-system', 'coredns')]),
  ];
}

function metadata(name: string, namespace: string | undefined): ApiObject['metadata'] {
  return {
    name,
    ...(namespace !== undefined ? { namespace } : {}),
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
    annotations: { [autoUpdateAnnotation]: 'true' },
  };
}

function role(noted: NotedRole, namespace?: string): ApiObject {
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  return { apiVersion, kind, metadata: metadata(noted.name, namespace)!, rules: noted.rules };
}

function binding(
  name: string,
  subjects: readonly Subject[],
  reference: { readonly kind: string; readonly name: string } = { kind: 'ClusterRole', name },
  namespace?: string,
): ApiObject {
  return {
    apiVersion,
    kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
    metadata: metadata(name, namespace)!,
    roleRef: { apiGroup: group, ...reference },
    ...(subjects.length > 0 ? { subjects } : {}),
  };
}

function groupSubject(name: string): Subject {
  return { kind: 'Group', apiGroup: group, name };
}

function userSubject(name: string): Subject {
  return { kind: 'User', apiGroup: group, name };
}

function account(namespace: string, name: string): Subject {
  return { kind: 'ServiceAccount', name, namespace };
}

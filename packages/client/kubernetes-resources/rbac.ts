import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '@keelson/model/generated/types/rbac-v1.ts';
import type { ResourceRef } from '../client.ts';

const group = 'rbac.authorization.k8s.io';
const version = 'v1';

export const roles: ResourceRef<Role> = { group, version, kind: 'Role', resource: 'roles', namespaced: true };
export const roleBindings: ResourceRef<RoleBinding> = {
  group,
  version,
  kind: 'RoleBinding',
  resource: 'rolebindings',
  namespaced: true,
};
export const clusterRoles: ResourceRef<ClusterRole> = {
  group,
  version,
  kind: 'ClusterRole',
  resource: 'clusterroles',
  namespaced: false,
};
export const clusterRoleBindings: ResourceRef<ClusterRoleBinding> = {
  group,
  version,
  kind: 'ClusterRoleBinding',
  resource: 'clusterrolebindings',
  namespaced: false,
};

import type { AccessKey, Account, InstanceProfile, Policy, Role, User } from '@keelson/model/region/object-types.ts';
import type { ResourceRef } from '../client.ts';

const group = 'iam.keelson.dev';
const version = 'v1';

export const accounts: ResourceRef<Account> = {
  group,
  version,
  kind: 'Account',
  resource: 'accounts',
  namespaced: false,
};
export const users: ResourceRef<User> = { group, version, kind: 'User', resource: 'users', namespaced: false };
export const accessKeys: ResourceRef<AccessKey> = {
  group,
  version,
  kind: 'AccessKey',
  resource: 'accesskeys',
  namespaced: false,
};
export const roles: ResourceRef<Role> = { group, version, kind: 'Role', resource: 'roles', namespaced: false };
export const instanceProfiles: ResourceRef<InstanceProfile> = {
  group,
  version,
  kind: 'InstanceProfile',
  resource: 'instanceprofiles',
  namespaced: false,
};
export const policies: ResourceRef<Policy> = {
  group,
  version,
  kind: 'Policy',
  resource: 'policies',
  namespaced: false,
};

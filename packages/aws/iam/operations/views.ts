import { encodeRfc3986 } from '@keelson/aws-protocol';
import type { AccessKey, InstanceProfile, Policy, Role, User } from '@keelson/model/region/object-types.ts';
import { iamArn } from '../arns.ts';
import { tagsMember } from './tags.ts';

/** Objects of the region as IAM's API shows them. Lists leave out what only Get shows. */

/** Policy documents travel percent-encoded (RFC 3986). */
export function encodedDocument(document: string): string {
  return encodeRfc3986(document);
}

function boundaryMember(arn: string | undefined) {
  return arn === undefined
    ? {}
    : { PermissionsBoundary: { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: arn } };
}

export function userView(user: User, account: string, whole = true) {
  const { userName, userId, path, permissionsBoundary, tags } = user.spec;
  return {
    Path: path,
    UserName: userName,
    UserId: userId,
    Arn: iamArn(account, 'user', path, userName),
    CreateDate: user.metadata.creationTimestamp,
    ...(whole ? { ...boundaryMember(permissionsBoundary), ...tagsMember(tags) } : {}),
  };
}

export function accessKeyView(key: AccessKey) {
  return {
    UserName: key.spec.userName,
    AccessKeyId: key.metadata.name,
    Status: key.spec.status,
    CreateDate: key.metadata.creationTimestamp,
  };
}

export function roleView(role: Role, account: string, whole = true) {
  const { roleName, roleId, path, description, maxSessionDuration, permissionsBoundary, tags } = role.spec;
  return {
    Path: path,
    RoleName: roleName,
    RoleId: roleId,
    Arn: iamArn(account, 'role', path, roleName),
    CreateDate: role.metadata.creationTimestamp,
    AssumeRolePolicyDocument: encodedDocument(role.spec.assumeRolePolicyDocument),
    ...(description === undefined || description === '' ? {} : { Description: description }),
    MaxSessionDuration: maxSessionDuration,
    ...(whole ? { ...boundaryMember(permissionsBoundary), ...tagsMember(tags), RoleLastUsed: {} } : {}),
  };
}

/** CreateRole answers without what the role has only later. */
export function newRoleView(role: Role, account: string) {
  const {
    RoleLastUsed: _unused,
    MaxSessionDuration: _default,
    ...view
  } = roleView(role, account) as Record<string, unknown>;
  return view;
}

export function instanceProfileView(profile: InstanceProfile, roles: readonly Role[], account: string, whole = true) {
  const { instanceProfileName, instanceProfileId, path, tags } = profile.spec;
  return {
    Path: path,
    InstanceProfileName: instanceProfileName,
    InstanceProfileId: instanceProfileId,
    Arn: iamArn(account, 'instance-profile', path, instanceProfileName),
    CreateDate: profile.metadata.creationTimestamp,
    Roles: roles.map((role) => roleView(role, account, false)),
    ...(whole ? tagsMember(tags) : {}),
  };
}

/** How often a policy is attached, and how often it is a boundary. */
export interface PolicyUsage {
  readonly attached: number;
  readonly boundary: number;
}

export function policyView(policy: Policy, account: string, usage: PolicyUsage, whole = true) {
  const { policyName, policyId, path, description, defaultVersionId, versions, tags } = policy.spec;
  return {
    PolicyName: policyName,
    PolicyId: policyId,
    Arn: iamArn(account, 'policy', path, policyName),
    Path: path,
    DefaultVersionId: defaultVersionId,
    AttachmentCount: usage.attached,
    PermissionsBoundaryUsageCount: usage.boundary,
    IsAttachable: true,
    ...(whole && description !== undefined && description !== '' ? { Description: description } : {}),
    CreateDate: policy.metadata.creationTimestamp,
    UpdateDate: versions
      .map(({ createDate }) => createDate)
      .sort()
      .at(-1),
    ...(whole ? tagsMember(tags) : {}),
  };
}

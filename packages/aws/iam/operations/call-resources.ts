import type { AwsService } from '../../service.ts';
import { iamArn } from '../arns.ts';
import type { IdentityStore } from '../identity-store.ts';

type ResourcesOf = NonNullable<AwsService['resourcesOf']>;

/** Operations of a user about itself when it names none. */
const ownOperations = new Set([
  'GetUser',
  'CreateAccessKey',
  'ListAccessKeys',
  'DeleteAccessKey',
  'UpdateAccessKey',
  'GetLoginProfile',
  'ListMFADevices',
]);

/** Tells the ARNs that a call of IAM is about, with the paths that the identities have. */
export function callResources(store: IdentityStore): ResourcesOf {
  return async (operation, input, { account, principal }) => {
    const record = input as Record<string, string | undefined>;
    const path = record['Path'] ?? '/';
    const { RoleName: role, UserName: user, PolicyArn: policyArn, PolicyName: policy } = record;
    const profile = record['InstanceProfileName'];
    if (profile !== undefined) {
      const found = await store.instanceProfiles.find(profile);
      return [iamArn(account, 'instance-profile', found?.spec.path ?? path, profile)];
    }
    if (role !== undefined) return [iamArn(account, 'role', (await store.roles.find(role))?.spec.path ?? path, role)];
    if (user !== undefined) return [iamArn(account, 'user', (await store.users.find(user))?.spec.path ?? path, user)];
    if (policyArn !== undefined) return [policyArn];
    if (policy !== undefined) return [iamArn(account, 'policy', path, policy)];
    if (ownOperations.has(operation) && principal.kind === 'user') return [principal.arn];
    if (operation === 'ListRoles') return [`arn:aws:iam::${account}:role/`];
    if (operation === 'ListUsers') return [`arn:aws:iam::${account}:user/`];
    if (operation === 'ListInstanceProfiles') return [`arn:aws:iam::${account}:instance-profile/`];
    return ['*'];
  };
}

import type { AwsService } from '../../service.ts';
import { iamArn } from '../arns.ts';

/** The ARN that a call of IAM is about, by the member that names it. Names stand without their path here, as in policies with `*`. */
export const resourcesOf: NonNullable<AwsService['resourcesOf']> = (operation, input, { account, principal }) => {
  const record = input as Record<string, string | undefined>;
  if (record['PolicyArn'] !== undefined && !/^(Attach|Detach)/.test(operation)) return [record['PolicyArn']];
  if (record['InstanceProfileName'] !== undefined)
    return [iamArn(account, 'instance-profile', '/', record['InstanceProfileName'])];
  if (record['RoleName'] !== undefined) return [iamArn(account, 'role', record['Path'] ?? '/', record['RoleName'])];
  if (record['UserName'] !== undefined) return [iamArn(account, 'user', record['Path'] ?? '/', record['UserName'])];
  if (record['PolicyName'] !== undefined)
    return [iamArn(account, 'policy', record['Path'] ?? '/', record['PolicyName'])];
  const own = ['GetUser', 'CreateAccessKey', 'ListAccessKeys', 'DeleteAccessKey', 'UpdateAccessKey'];
  if (own.includes(operation) && principal.kind === 'user') return [principal.arn];
  if (operation.startsWith('ListRole')) return [`arn:aws:iam::${account}:role/`];
  if (operation.startsWith('ListUser')) return [`arn:aws:iam::${account}:user/`];
  return ['*'];
};

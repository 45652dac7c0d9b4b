/** ARNs of IAM's resources. A path begins and ends with a slash. */
export function iamArn(
  account: string,
  type: 'user' | 'role' | 'policy' | 'instance-profile',
  path: string,
  name: string,
): string {
  return `arn:aws:iam::${account}:${type}${path}${name}`;
}

/** The last part of an ARN's path: the resource's name. */
export function nameInArn(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

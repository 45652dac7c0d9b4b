/** The access policies that can be associated with an access entry (EKS User Guide, "Review access policy permissions"). */
export const accessPolicies: readonly string[] = [
  'AmazonEKSAdminPolicy',
  'AmazonEKSAdminViewPolicy',
  'AmazonEKSClusterAdminPolicy',
  'AmazonEKSEditPolicy',
  'AmazonEKSViewPolicy',
];

export function accessPolicyArn(name: string): string {
  return `arn:aws:eks::aws:cluster-access-policy/${name}`;
}

export function isAccessPolicyArn(arn: string): boolean {
  return accessPolicies.some((name) => accessPolicyArn(name) === arn);
}

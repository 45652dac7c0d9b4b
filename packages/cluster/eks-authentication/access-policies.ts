import type { ObjectReader } from '@keelson/apiserver';

/** A rule as RBAC writes it. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];
const viewEverything: readonly PolicyRule[] = [
  { verbs: ['get', 'list', 'watch'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['get'], nonResourceURLs: ['*'] },
];

/** EKS defines these three as the rules of Kubernetes' user-facing cluster roles. */
const likeClusterRole: Readonly<Record<string, string>> = {
  AmazonEKSAdminPolicy: 'admin',
  AmazonEKSEditPolicy: 'edit',
  AmazonEKSViewPolicy: 'view',
};

/**
 * What an EKS access policy allows (EKS User Guide, "Review access policy permissions"); nothing for one that this
 * cluster does not know.
 */
export function accessPolicyRules(policyArn: string, reader: ObjectReader): readonly PolicyRule[] {
  const name = policyArn.slice(policyArn.lastIndexOf('/') + 1);
  if (name === 'AmazonEKSClusterAdminPolicy') return everything;
  if (name === 'AmazonEKSAdminViewPolicy') return viewEverything;
  const role = likeClusterRole[name];
  return role === undefined ? [] : (reader.get('rbac.authorization.k8s.io', 'clusterroles', '', role)?.['rules'] ?? []);
}

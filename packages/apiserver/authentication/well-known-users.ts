/** The names and groups that Kubernetes itself gives a meaning (k8s.io/apiserver, authentication/user). */
export const mastersGroup = 'system:masters';
export const authenticatedGroup = 'system:authenticated';
export const unauthenticatedGroup = 'system:unauthenticated';
export const nodesGroup = 'system:nodes';
export const monitoringGroup = 'system:monitoring';
export const serviceAccountsGroup = 'system:serviceaccounts';

export const anonymousUser = 'system:anonymous';
export const nodeUserPrefix = 'system:node:';
const serviceAccountPrefix = 'system:serviceaccount:';

/** The user name of a service account: `system:serviceaccount:kube-system:coredns`. */
export function serviceAccountUserName(namespace: string, name: string): string {
  return `${serviceAccountPrefix}${namespace}:${name}`;
}

/** The groups that every service account of `namespace` is in. */
export function serviceAccountGroups(namespace: string): string[] {
  return [serviceAccountsGroup, `${serviceAccountsGroup}:${namespace}`];
}

/** Keys of UserInfo.extra. */
export const credentialIdKey = 'authentication.kubernetes.io/credential-id';
export const podNameKey = 'authentication.kubernetes.io/pod-name';
export const podUidKey = 'authentication.kubernetes.io/pod-uid';
export const nodeNameKey = 'authentication.kubernetes.io/node-name';
export const nodeUidKey = 'authentication.kubernetes.io/node-uid';

/** Roles in kube-system. The notation is described at `readRoles`. */
export const systemRoles = `
extension-apiserver-authentication-reader
  read core configmaps extension-apiserver-authentication
system:controller:bootstrap-signer
  read core secrets
system:controller:cloud-provider
  create,get,list,watch core configmaps
system:controller:token-cleaner
  get,list,watch,delete core secrets
  events
system::leader-locking-kube-controller-manager
  watch core configmaps
  get,update core configmaps kube-controller-manager
system::leader-locking-kube-scheduler
  watch core configmaps
  get,update core configmaps kube-scheduler
`;

/** Roles in kube-public. */
export const publicRoles = `
system:controller:bootstrap-signer
  read core configmaps
  update core configmaps cluster-info
  events
`;

/** What EKS puts into a cluster beside Kubernetes' own: nodes that ask for serving certificates, and its DNS. */
export const managedRoles = `
eks:node-bootstrapper
  create certificates.k8s.io certificatesigningrequests/selfnodeserver
system:coredns
  list,watch core endpoints,services,pods,namespaces
  get core nodes
  list,watch discovery.k8s.io endpointslices
`;

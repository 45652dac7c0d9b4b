/** Controllers whose service account is not called what they call themselves in Events. */
const accounts: Readonly<Record<string, string>> = {
  'daemonset-controller': 'daemon-set-controller',
  'endpoint-slice-controller': 'endpointslice-controller',
  'root-ca-certificate-publisher-controller': 'root-ca-cert-publisher',
  'taint-eviction-controller': 'node-controller',
  'cloud-node-controller': 'node-controller',
  ephemeral_volume: 'ephemeral-volume-controller',
  csrapproving: 'certificate-controller',
  csrcleaner: 'certificate-controller',
  csrsigning: 'certificate-controller',
  'persistentvolume-controller': 'persistent-volume-binder',
};

const serviceAccountGroups = ['system:serviceaccounts', 'system:serviceaccounts:kube-system'];

/** Who a controller is to the API server, as with kube-controller-manager's --use-service-account-credentials. */
export function controllerUser(name: string): { readonly name: string; readonly groups: readonly string[] } {
  if (name === 'default-scheduler') return { name: 'system:kube-scheduler', groups: [] };
  return { name: `system:serviceaccount:kube-system:${accounts[name] ?? name}`, groups: serviceAccountGroups };
}

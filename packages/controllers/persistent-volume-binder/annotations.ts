/** What the binder writes down on volumes and claims (k8s.io/component-helpers/storage/volume). */
export const annotations = {
  bindCompleted: 'pv.kubernetes.io/bind-completed',
  boundByController: 'pv.kubernetes.io/bound-by-controller',
  provisionedBy: 'pv.kubernetes.io/provisioned-by',
  migratedTo: 'pv.kubernetes.io/migrated-to',
  provisioner: 'volume.kubernetes.io/storage-provisioner',
  betaProvisioner: 'volume.beta.kubernetes.io/storage-provisioner',
  selectedNode: 'volume.kubernetes.io/selected-node',
  betaClass: 'volume.beta.kubernetes.io/storage-class',
} as const;

/** Provisioners that were once part of Kubernetes, and the CSI drivers that stand in for them. */
const migrated: Readonly<Record<string, string>> = {
  'kubernetes.io/aws-ebs': 'ebs.csi.aws.com',
  'kubernetes.io/gce-pd': 'pd.csi.storage.gke.io',
  'kubernetes.io/azure-disk': 'disk.csi.azure.com',
  'kubernetes.io/azure-file': 'file.csi.azure.com',
  'kubernetes.io/cinder': 'cinder.csi.openstack.org',
  'kubernetes.io/vsphere-volume': 'csi.vsphere.vmware.com',
  'kubernetes.io/portworx-volume': 'pxd.portworx.com',
};

/**
 * Who provisions for a class: an external provisioner by this name; undefined for what Kubernetes itself would have to
 * do, and does not.
 */
export function externalProvisioner(name: string): string | undefined {
  if (Object.hasOwn(migrated, name)) return migrated[name];
  return name.startsWith('kubernetes.io/') ? undefined : name;
}

interface Annotated {
  readonly metadata?: { readonly annotations?: Record<string, string> };
}

export function annotationOf(object: Annotated, name: string): string | undefined {
  return object.metadata?.annotations?.[name];
}

/** The object with these annotations; undefined takes one away. */
export function annotate<T extends { metadata?: { annotations?: Record<string, string> } }>(
  object: T,
  changes: Readonly<Record<string, string | undefined>>,
): T {
  const all = { ...object.metadata?.annotations };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete all[name];
    else all[name] = value;
  }
  return { ...object, metadata: { ...object.metadata, annotations: all } };
}

import type { ApiObject } from '@keelson/model';

/** The StorageClass that every EKS cluster begins with. Since 1.30 it is no default: a claim has to name it. */
export const gp2StorageClass: ApiObject = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'gp2' },
  provisioner: 'kubernetes.io/aws-ebs',
  parameters: { fsType: 'ext4', type: 'gp2' },
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
};

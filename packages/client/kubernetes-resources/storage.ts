import type { CSIDriver, CSINode, StorageClass } from '@keelson/model/generated/types/storage-v1.ts';
import type { ResourceRef } from '../client.ts';

const group = 'storage.k8s.io';
const version = 'v1';

export const storageClasses: ResourceRef<StorageClass> = {
  group,
  version,
  kind: 'StorageClass',
  resource: 'storageclasses',
  namespaced: false,
};
export const csiNodes: ResourceRef<CSINode> = {
  group,
  version,
  kind: 'CSINode',
  resource: 'csinodes',
  namespaced: false,
};
export const csiDrivers: ResourceRef<CSIDriver> = {
  group,
  version,
  kind: 'CSIDriver',
  resource: 'csidrivers',
  namespaced: false,
};

import type {
  ConfigMap,
  Endpoints,
  Event,
  LimitRange,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodTemplate,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
} from '@keelson/model/generated/types/core-v1.ts';
import type { ResourceRef } from '../client.ts';

const group = '';
const version = 'v1';

export const namespaces: ResourceRef<Namespace> = {
  group,
  version,
  kind: 'Namespace',
  resource: 'namespaces',
  namespaced: false,
};
export const nodes: ResourceRef<Node> = { group, version, kind: 'Node', resource: 'nodes', namespaced: false };
export const pods: ResourceRef<Pod> = { group, version, kind: 'Pod', resource: 'pods', namespaced: true };
export const services: ResourceRef<Service> = {
  group,
  version,
  kind: 'Service',
  resource: 'services',
  namespaced: true,
};
export const endpoints: ResourceRef<Endpoints> = {
  group,
  version,
  kind: 'Endpoints',
  resource: 'endpoints',
  namespaced: true,
};
export const configMaps: ResourceRef<ConfigMap> = {
  group,
  version,
  kind: 'ConfigMap',
  resource: 'configmaps',
  namespaced: true,
};
export const secrets: ResourceRef<Secret> = { group, version, kind: 'Secret', resource: 'secrets', namespaced: true };
export const serviceAccounts: ResourceRef<ServiceAccount> = {
  group,
  version,
  kind: 'ServiceAccount',
  resource: 'serviceaccounts',
  namespaced: true,
};
export const events: ResourceRef<Event> = { group, version, kind: 'Event', resource: 'events', namespaced: true };
export const persistentVolumes: ResourceRef<PersistentVolume> = {
  group,
  version,
  kind: 'PersistentVolume',
  resource: 'persistentvolumes',
  namespaced: false,
};
export const persistentVolumeClaims: ResourceRef<PersistentVolumeClaim> = {
  group,
  version,
  kind: 'PersistentVolumeClaim',
  resource: 'persistentvolumeclaims',
  namespaced: true,
};
export const replicationControllers: ResourceRef<ReplicationController> = {
  group,
  version,
  kind: 'ReplicationController',
  resource: 'replicationcontrollers',
  namespaced: true,
};
export const resourceQuotas: ResourceRef<ResourceQuota> = {
  group,
  version,
  kind: 'ResourceQuota',
  resource: 'resourcequotas',
  namespaced: true,
};
export const limitRanges: ResourceRef<LimitRange> = {
  group,
  version,
  kind: 'LimitRange',
  resource: 'limitranges',
  namespaced: true,
};
export const podTemplates: ResourceRef<PodTemplate> = {
  group,
  version,
  kind: 'PodTemplate',
  resource: 'podtemplates',
  namespaced: true,
};

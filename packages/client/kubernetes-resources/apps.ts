import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from '@keelson/model/generated/types/apps-v1.ts';
import type { ResourceRef } from '../client.ts';

const group = 'apps';
const version = 'v1';

export const deployments: ResourceRef<Deployment> = {
  group,
  version,
  kind: 'Deployment',
  resource: 'deployments',
  namespaced: true,
};
export const replicaSets: ResourceRef<ReplicaSet> = {
  group,
  version,
  kind: 'ReplicaSet',
  resource: 'replicasets',
  namespaced: true,
};
export const daemonSets: ResourceRef<DaemonSet> = {
  group,
  version,
  kind: 'DaemonSet',
  resource: 'daemonsets',
  namespaced: true,
};
export const statefulSets: ResourceRef<StatefulSet> = {
  group,
  version,
  kind: 'StatefulSet',
  resource: 'statefulsets',
  namespaced: true,
};
export const controllerRevisions: ResourceRef<ControllerRevision> = {
  group,
  version,
  kind: 'ControllerRevision',
  resource: 'controllerrevisions',
  namespaced: true,
};

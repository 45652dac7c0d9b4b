import type { AccessEntry, Cluster, Nodegroup, Update } from '@keelson/model/region/object-types.ts';
import type { ResourceRef } from '../client.ts';

const group = 'eks.keelson.dev';
const version = 'v1';

export const clusters: ResourceRef<Cluster> = {
  group,
  version,
  kind: 'Cluster',
  resource: 'clusters',
  namespaced: false,
};
export const nodegroups: ResourceRef<Nodegroup> = {
  group,
  version,
  kind: 'Nodegroup',
  resource: 'nodegroups',
  namespaced: false,
};
export const accessEntries: ResourceRef<AccessEntry> = {
  group,
  version,
  kind: 'AccessEntry',
  resource: 'accessentries',
  namespaced: false,
};
export const updates: ResourceRef<Update> = { group, version, kind: 'Update', resource: 'updates', namespaced: false };

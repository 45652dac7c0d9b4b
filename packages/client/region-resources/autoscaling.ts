import type { AutoScalingGroup } from '@keelson/model/region/object-types.ts';
import type { ResourceRef } from '../client.ts';

const group = 'autoscaling.keelson.dev';
const version = 'v1';

export const autoScalingGroups: ResourceRef<AutoScalingGroup> = {
  group,
  version,
  kind: 'AutoScalingGroup',
  resource: 'autoscalinggroups',
  namespaced: false,
};

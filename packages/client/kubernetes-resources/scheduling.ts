import type { PriorityClass } from '@keelson/model/generated/types/scheduling-v1.ts';
import type { ResourceRef } from '../client.ts';

const group = 'scheduling.k8s.io';
const version = 'v1';

export const priorityClasses: ResourceRef<PriorityClass> = {
  group,
  version,
  kind: 'PriorityClass',
  resource: 'priorityclasses',
  namespaced: false,
};

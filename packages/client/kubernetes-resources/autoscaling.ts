import type { HorizontalPodAutoscaler } from '@keelson/model/generated/types/autoscaling-v2.ts';
import type { ResourceRef } from '../client.ts';

export const horizontalPodAutoscalers: ResourceRef<HorizontalPodAutoscaler> = {
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  resource: 'horizontalpodautoscalers',
  namespaced: true,
};

import type { PodDisruptionBudget } from '@keelson/model/generated/types/policy-v1.ts';
import type { ResourceRef } from '../client.ts';

const group = 'policy';
const version = 'v1';

export const podDisruptionBudgets: ResourceRef<PodDisruptionBudget> = {
  group,
  version,
  kind: 'PodDisruptionBudget',
  resource: 'poddisruptionbudgets',
  namespaced: true,
};

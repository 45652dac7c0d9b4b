// Made by tools/generate.ts: types of policy/v1.
import type * as metaV1 from './meta-v1.ts';
import type { ObjectMeta } from '../../object.ts';

export interface Eviction {
  kind?: string;
  apiVersion?: string;
  metadata?: ObjectMeta;
  deleteOptions?: metaV1.DeleteOptions;
}

export interface PodDisruptionBudget {
  kind?: string;
  apiVersion?: string;
  metadata?: ObjectMeta;
  spec?: PodDisruptionBudgetSpec;
  status?: PodDisruptionBudgetStatus;
}

export interface PodDisruptionBudgetList {
  kind?: string;
  apiVersion?: string;
  metadata?: metaV1.ListMeta;
  items: PodDisruptionBudget[];
}

export interface PodDisruptionBudgetSpec {
  minAvailable?: number | string;
  selector?: metaV1.LabelSelector;
  maxUnavailable?: number | string;
  unhealthyPodEvictionPolicy?: string;
}

export interface PodDisruptionBudgetStatus {
  observedGeneration?: number;
  disruptedPods?: Record<string, string>;
  disruptionsAllowed?: number;
  currentHealthy?: number;
  desiredHealthy?: number;
  expectedPods?: number;
  conditions?: metaV1.Condition[];
}

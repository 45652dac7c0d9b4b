// Made by tools/generate.ts: types of scheduling/v1.
import type * as metaV1 from './meta-v1.ts';
import type { ObjectMeta } from '../../object.ts';

export interface PriorityClass {
  kind?: string;
  apiVersion?: string;
  metadata?: ObjectMeta;
  value?: number;
  globalDefault?: boolean;
  description?: string;
  preemptionPolicy?: string;
}

export interface PriorityClassList {
  kind?: string;
  apiVersion?: string;
  metadata?: metaV1.ListMeta;
  items: PriorityClass[];
}

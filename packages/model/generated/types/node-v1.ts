// Made by tools/generate.ts: types of node/v1.
import type * as coreV1 from './core-v1.ts';
import type * as metaV1 from './meta-v1.ts';
import type { ObjectMeta } from '../../object.ts';

export interface Overhead {
  podFixed?: Record<string, string>;
}

export interface RuntimeClass {
  kind?: string;
  apiVersion?: string;
  metadata?: ObjectMeta;
  handler: string;
  overhead?: Overhead;
  scheduling?: Scheduling;
}

export interface RuntimeClassList {
  kind?: string;
  apiVersion?: string;
  metadata?: metaV1.ListMeta;
  items: RuntimeClass[];
}

export interface Scheduling {
  nodeSelector?: Record<string, string>;
  tolerations?: coreV1.Toleration[];
}

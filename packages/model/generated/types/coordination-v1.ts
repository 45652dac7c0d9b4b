// Made by tools/generate.ts: types of coordination/v1.
import type * as metaV1 from './meta-v1.ts';
import type { ObjectMeta } from '../../object.ts';

export interface Lease {
  kind?: string;
  apiVersion?: string;
  metadata?: ObjectMeta;
  spec?: LeaseSpec;
}

export interface LeaseList {
  kind?: string;
  apiVersion?: string;
  metadata?: metaV1.ListMeta;
  items: Lease[];
}

export interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
  strategy?: string;
  preferredHolder?: string;
}

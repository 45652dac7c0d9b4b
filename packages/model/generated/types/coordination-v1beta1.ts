// Made by tools/generate.ts: types of coordination/v1beta1.
import type * as metaV1 from './meta-v1.ts';
import type { ObjectMeta } from '../../object.ts';

export interface Lease {
  kind?: string;
  apiVersion?: string;
  metadata?: ObjectMeta;
  spec?: LeaseSpec;
}

export interface LeaseCandidate {
  kind?: string;
  apiVersion?: string;
  metadata?: ObjectMeta;
  spec: LeaseCandidateSpec;
}

export interface LeaseCandidateList {
  kind?: string;
  apiVersion?: string;
  metadata?: metaV1.ListMeta;
  items: LeaseCandidate[];
}

export interface LeaseCandidateSpec {
  leaseName: string;
  pingTime?: string;
  renewTime?: string;
  binaryVersion: string;
  emulationVersion?: string;
  strategy: string;
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

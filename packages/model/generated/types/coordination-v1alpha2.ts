// Made by tools/generate.ts: types of coordination/v1alpha2.
import type * as metaV1 from './meta-v1.ts';
import type { ObjectMeta } from '../../object.ts';

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

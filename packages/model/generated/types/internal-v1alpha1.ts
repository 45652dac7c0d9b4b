// Made by tools/generate.ts: types of apiserverinternal/v1alpha1.
import type * as metaV1 from './meta-v1.ts';
import type { ObjectMeta } from '../../object.ts';

export interface ServerStorageVersion {
  apiServerID: string;
  encodingVersion: string;
  decodableVersions: string[];
  servedVersions?: string[];
}

export interface StorageVersion {
  kind?: string;
  apiVersion?: string;
  metadata: ObjectMeta;
  spec?: StorageVersionSpec;
  status?: StorageVersionStatus;
}

export interface StorageVersionCondition {
  type: string;
  status: string;
  observedGeneration?: number;
  lastTransitionTime?: string;
  reason: string;
  message: string;
}

export interface StorageVersionList {
  kind?: string;
  apiVersion?: string;
  metadata?: metaV1.ListMeta;
  items: StorageVersion[];
}

export interface StorageVersionSpec {

}

export interface StorageVersionStatus {
  storageVersions?: ServerStorageVersion[];
  commonEncodingVersion?: string;
  conditions?: StorageVersionCondition[];
}

// Made by tools/generate.ts: types of storagemigration/v1beta1.
import type * as metaV1 from './meta-v1.ts';
import type { ObjectMeta } from '../../object.ts';

export interface StorageVersionMigration {
  kind?: string;
  apiVersion?: string;
  metadata?: ObjectMeta;
  spec?: StorageVersionMigrationSpec;
  status?: StorageVersionMigrationStatus;
}

export interface StorageVersionMigrationList {
  kind?: string;
  apiVersion?: string;
  metadata?: metaV1.ListMeta;
  items: StorageVersionMigration[];
}

export interface StorageVersionMigrationSpec {
  resource: metaV1.GroupResource;
}

export interface StorageVersionMigrationStatus {
  conditions?: metaV1.Condition[];
  resourceVersion?: string;
}

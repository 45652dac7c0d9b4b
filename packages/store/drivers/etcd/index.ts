/**
 * A store in a real etcd, version 3.4 or later: what several API servers share. Compaction, backups, the quota and its
 * alarm are etcd's own; this driver starts and administers none.
 */
export type { EtcdTls } from './endpoints.ts';
export { type EtcdStoreOptions, openEtcdStore } from './etcd-store.ts';
export { removeEtcdKeys } from './remove-keys.ts';

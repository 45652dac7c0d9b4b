import { readFileSync } from 'node:fs';
import { messageOf, type World } from '@keelson/base';
import { type Store, StoreError } from '@keelson/store';
import type { EtcdTls } from '@keelson/store/drivers/etcd/index.ts';
import { UsageError } from '../command-line.ts';
import type { ClusterDirectory, DataDirectory, RegionIdentity } from '../data-directory.ts';
import { sqliteWorker } from './sqlite-worker.ts';

/** An etcd that a region keeps everything in, as `up --store` and kube-apiserver's own flags name it. */
export interface EtcdSettings {
  /** `http://host:port` or `https://host:port` of the members. */
  readonly endpoints: readonly string[];
  /** Files in PEM: what the members' certificates are checked with, and the client's own certificate and key. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** Where a store is: a file of the data directory, or keys of an etcd below a prefix, as with kube-apiserver's --etcd-prefix. */
export type StorePlace = { readonly path: string } | { readonly etcd: EtcdSettings; readonly keyPrefix: string };

/**
 * Reads `etcd://HOST:PORT[,HOST:PORT…]`; `etcds://` speaks TLS. Resolves to the members' addresses.
 * @throws UsageError for anything else
 */
export function etcdEndpoints(text: string): string[] {
  const [, scheme, hosts = ''] = /^(etcds?):\/\/([^/?#]+)\/?$/.exec(text) ?? [];
  const members = hosts.split(',');
  if (!members.every((member) => /^([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/.test(member)))
    throw new UsageError(`--store takes etcd://HOST:PORT[,HOST:PORT…], or etcds:// for TLS, and not '${text}'`);
  return members.map((member) => `${scheme === 'etcds' ? 'https' : 'http'}://${member}`);
}

/** Below this lies everything of a region. */
function regionPrefix(identity: RegionIdentity): string {
  return `/keelson/${identity.id}`;
}

export function regionStorePlace(directory: DataDirectory, identity: RegionIdentity): StorePlace {
  const { store } = identity;
  if (store === undefined) return { path: directory.regionStore };
  return { etcd: store, keyPrefix: `${regionPrefix(identity)}/region` };
}

export function clusterStorePlace(files: ClusterDirectory, identity: RegionIdentity, name: string): StorePlace {
  const { store } = identity;
  if (store === undefined) return { path: files.store };
  return { etcd: store, keyPrefix: `${regionPrefix(identity)}/clusters/${name}` };
}

/** Opens a store; which driver that takes is known here alone. @throws StoreError, UsageError */
export async function openStore(place: StorePlace, world: World): Promise<Store> {
  if ('path' in place) {
    const { openSqliteStore } = await import('@keelson/store/drivers/sqlite/index.ts');
    return openSqliteStore({ path: place.path, world, ...sqliteWorker() });
  }
  const { openEtcdStore } = await import('@keelson/store/drivers/etcd/index.ts');
  return reaching(place.etcd, (options) => openEtcdStore({ ...options, keyPrefix: place.keyPrefix, world }));
}

/** Removes every key of a store in etcd; a store in a file goes with its file. @throws StoreError, UsageError */
export async function emptyStore(place: StorePlace, world: World): Promise<void> {
  if ('path' in place) return;
  const { removeEtcdKeys } = await import('@keelson/store/drivers/etcd/index.ts');
  await reaching(place.etcd, (options) => removeEtcdKeys({ ...options, keyPrefix: place.keyPrefix, world }));
}

/** Removes all keys of a region and of its clusters from etcd. @throws StoreError, UsageError */
export async function emptyRegion(identity: RegionIdentity, world: World): Promise<void> {
  if (identity.store !== undefined)
    await emptyStore({ etcd: identity.store, keyPrefix: regionPrefix(identity) }, world);
}

/** Calls the driver with what reaches an etcd, and names that etcd when it cannot be used. */
async function reaching<T>(
  { endpoints, caFile, certFile, keyFile }: EtcdSettings,
  call: (options: { readonly endpoints: readonly string[]; readonly tls: EtcdTls }) => Promise<T>,
): Promise<T> {
  const tls = {
    ...(caFile && { authority: pem(caFile) }),
    ...(certFile && { certificate: pem(certFile) }),
    ...(keyFile && { key: pem(keyFile) }),
  };
  try {
    return await call({ endpoints, tls });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new UsageError(`etcd at ${endpoints.join(', ')} cannot be used: ${error.message}`, 1);
  }
}

function pem(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`etcd's certificate file cannot be read: ${messageOf(error)}`);
  }
}

import { Endpoints } from './endpoints.ts';
import { storeErrorOf } from './etcd-failure.ts';
import type { EtcdStoreOptions } from './etcd-store.ts';

/**
 * Removes what the store with `keyPrefix` holds, and every store whose prefix goes on with a slash from there.
 * @throws StoreError unavailable when none of the endpoints answers
 */
export async function removeEtcdKeys(options: EtcdStoreOptions & { readonly keyPrefix: string }): Promise<void> {
  const { world, tls, keyPrefix, timeout = 10_000 } = options;
  const endpoints = new Endpoints(options.endpoints, tls, world.clock, timeout);
  const remove = (first: string, end: string) => ({
    request_delete_range: { key: Buffer.from(keyPrefix + first), range_end: Buffer.from(keyPrefix + end) },
  });
  try {
    // A slash, and what comes right after it; and the store's own mark, which is no key of it.
    const success = [remove('/', '0'), remove('\0', '\u0001')];
    await endpoints.call('KV/Txn', { compare: [], success, failure: [] });
  } catch (error) {
    throw storeErrorOf(error);
  } finally {
    endpoints.close();
  }
}

import type { World } from '@keelson/base';
import {
  type Entry,
  type Operation,
  type RangeRequest,
  type RangeResult,
  type Store,
  StoreError,
  type StoreWatch,
  type Transaction,
  type TransactionResult,
  type WatchRequest,
} from '../../store.ts';
import { checkTransaction, isRevision } from '../../transaction-check.ts';
import { ChangeFeed } from './change-feed.ts';
import { Endpoints, type EtcdTls } from './endpoints.ts';
import { isLeaseNotFound, storeErrorOf } from './etcd-failure.ts';
import { KeySpace } from './key-space.ts';
import { Leases } from './leases.ts';
import type { KeyValue, Methods, RangeMessage, RequestOp, ResponseOp } from './rpc.ts';
import { WatchStream } from './watch-stream.ts';

/** Entries asked for at once. */
const page = 500;
/** How often a read of the latest revision begins anew because compaction overtook its pages. */
const rangeAttempts = 5;
/** etcd's numbers for "the mod revision is equal". */
const equal = { result: 0, target: 2 } as const;

export interface EtcdStoreOptions {
  /** `http://host:port` or `https://host:port` of the members. */
  readonly endpoints: readonly string[];
  readonly world: World;
  readonly tls?: EtcdTls;
  /** Put before every key, so that several stores can share an etcd; they then share its revisions and compaction. */
  readonly keyPrefix?: string;
  /** How long one call may take, in milliseconds: 10 seconds unless said. */
  readonly timeout?: number;
}

/**
 * Opens a store in an etcd of version 3.4 or later.
 * @throws StoreError unavailable when none of the endpoints answers
 */
export async function openEtcdStore(options: EtcdStoreOptions): Promise<Store> {
  const { world, tls, keyPrefix = '', timeout = 10_000 } = options;
  const endpoints = new Endpoints(options.endpoints, tls, world.clock, timeout);
  const space = new KeySpace(keyPrefix);
  try {
    const { header } = await endpoints.read('KV/Range', { key: space.fence, count_only: true });
    const store = new EtcdStore(world, endpoints, space, header.revision);
    await store.learnCompacted();
    return store;
  } catch (error) {
    endpoints.close();
    throw storeErrorOf(error);
  }
}

class EtcdStore implements Store {
  readonly #endpoints: Endpoints;
  readonly #space: KeySpace;
  readonly #leases: Leases;
  readonly #feed: ChangeFeed;
  readonly #underWay = new Set<Promise<unknown>>();
  #revision: number;
  #compacted = 0;
  #closing: Promise<void> | undefined;
  /** Why nothing can be asked any more. */
  #refusal: StoreError | undefined;

  constructor(world: World, endpoints: Endpoints, space: KeySpace, revision: number) {
    this.#endpoints = endpoints;
    this.#space = space;
    this.#revision = revision;
    this.#leases = new Leases(world, endpoints);
    this.#feed = new ChangeFeed(world, endpoints, space, revision, {
      revision: () => this.#revision,
      latestRevision: async () => this.#saw((await this.#read({ key: space.fence, count_only: true })).header.revision),
      writeFence: async () => {
        const write = { request_put: { key: space.fence, value: new Uint8Array(0), lease: 0, prev_kv: true } } as const;
        await this.#call('KV/Txn', { compare: [], success: [write], failure: [] });
      },
      saw: (seen) => this.#saw(seen),
      compacted: (compacted) => {
        this.#compacted = Math.max(this.#compacted, compacted);
      },
      lost: (error) => {
        this.#refusal = error;
      },
    });
  }

  revision(): number {
    return this.#revision;
  }

  compactedRevision(): number {
    return this.#compacted;
  }

  async get(key: string, { revision = 0 }: { readonly revision?: number } = {}): Promise<Entry | undefined> {
    checkRevision(revision);
    const { kvs, header } = await this.#read({ key: this.#space.encode(key), revision });
    this.#saw(header.revision);
    return kvs[0] === undefined ? undefined : this.#space.entry(kvs[0]);
  }

  async range(request: RangeRequest): Promise<RangeResult> {
    checkRevision(request.revision ?? 0);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#rangeOnce(request);
      } catch (error) {
        const overtaken = !request.revision && (error as StoreError).code === 'compacted';
        if (!overtaken || attempt === rangeAttempts) throw error;
      }
    }
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    this.#checkOpen();
    checkTransaction(transaction);
    let answer: Methods['KV/Txn'][1];
    try {
      answer = await this.#transactOnce(transaction);
    } catch (error) {
      if (!isLeaseNotFound((error as Error).cause)) throw error;
      this.#leases.forget();
      answer = await this.#transactOnce(transaction);
    }
    const { header, succeeded, responses } = answer;
    return { succeeded, revision: this.#saw(header.revision), results: responses.map((one) => this.#result(one)) };
  }

  watch(request: WatchRequest): StoreWatch {
    return this.#feed.hub.open(request);
  }

  async compact(revision: number): Promise<void> {
    this.#checkOpen();
    checkRevision(revision);
    if (revision <= this.#compacted) return;
    try {
      await this.#call('KV/Compact', { revision });
      this.#compacted = Math.max(this.#compacted, revision);
    } catch (error) {
      // Another process may have compacted as far, or further.
      if ((error as StoreError).code !== 'compacted') throw error;
      await this.learnCompacted();
    }
  }

  async size(): Promise<number> {
    return (await this.#call('Maintenance/Status', {}, true)).dbSize;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** etcd tells its compacted revision only to a watch that comes too late: this opens one, if there is such a revision. */
  async learnCompacted(): Promise<void> {
    const oldest = Math.max(1, this.#compacted);
    try {
      await this.#endpoints.read('KV/Range', { key: this.#space.fence, revision: oldest, count_only: true });
      return;
    } catch (error) {
      if (storeErrorOf(error).code !== 'compacted') throw error;
    }
    const compacted = await new Promise<number>((resolve, reject) => {
      const stream = new WatchStream(this.#endpoints, this.#space, oldest, {
        created: () => {},
        revision: () => {
          stream.cancel();
          reject(new StoreError('unavailable', 'etcd gave history that it had said was compacted'));
        },
        compacted: resolve,
        failed: reject,
      });
    });
    this.#compacted = Math.max(this.#compacted, compacted);
  }

  async #close(): Promise<void> {
    this.#refusal = closed();
    await Promise.allSettled(this.#underWay);
    this.#feed.close(closed());
    this.#endpoints.close();
  }

  async #rangeOnce({ start, end, revision = 0, limit = 0, countOnly = false }: RangeRequest): Promise<RangeResult> {
    const range = this.#space.range(start, end);
    const asked = range ?? { key: this.#space.fence };
    const most = limit > 0 ? limit : Number.POSITIVE_INFINITY;
    const none = countOnly || range === undefined;
    const first = await this.#read({ ...asked, revision, limit: Math.min(page, most), count_only: none });
    this.#saw(first.header.revision);
    const at = revision || first.header.revision;
    const count = range === undefined ? 0 : first.count;
    if (none) return { entries: [], revision: at, count, more: false };
    const entries = first.kvs.map((kv) => this.#space.entry(kv));
    for (let { more } = first; more && entries.length < most; ) {
      const key = this.#space.encode(`${entries.at(-1)!.key}\0`);
      const next = await this.#read({ ...asked, key, revision: at, limit: Math.min(page, most - entries.length) });
      entries.push(...next.kvs.map((kv) => this.#space.entry(kv)));
      more = next.more;
    }
    return { entries, revision: at, count, more: entries.length < count };
  }

  async #transactOnce({ compare, success, failure = [] }: Transaction): Promise<Methods['KV/Txn'][1]> {
    const leases = new Map<number, number>();
    for (const operation of [...success, ...failure]) {
      if (operation.type !== 'put' || operation.ttl === undefined || leases.has(operation.ttl)) continue;
      leases.set(operation.ttl, await this.#settled(this.#leases.lease(operation.ttl)));
    }
    return this.#call('KV/Txn', {
      compare: compare.map(({ key, modRevision }) => ({
        ...equal,
        key: this.#space.encode(key),
        mod_revision: modRevision,
      })),
      success: success.map((operation) => this.#request(operation, leases)),
      failure: failure.map((operation) => this.#request(operation, leases)),
    });
  }

  #request(operation: Operation, leases: ReadonlyMap<number, number>): RequestOp {
    const key = this.#space.encode(operation.key);
    if (operation.type === 'get') return { request_range: { key } };
    if (operation.type === 'delete') return { request_delete_range: { key, prev_kv: true } };
    const lease = operation.ttl === undefined ? 0 : leases.get(operation.ttl)!;
    return { request_put: { key, value: operation.value, lease, prev_kv: true } };
  }

  #result({ response_range, response_put, response_delete_range }: ResponseOp): Entry | undefined {
    const found: KeyValue | null | undefined =
      response_range?.kvs[0] ?? response_put?.prev_kv ?? response_delete_range?.prev_kvs[0];
    return found ? this.#space.entry(found) : undefined;
  }

  #saw(revision: number): number {
    this.#revision = Math.max(this.#revision, revision);
    return revision;
  }

  async #read(request: RangeMessage): Promise<Methods['KV/Range'][1]> {
    try {
      return await this.#call('KV/Range', request, true);
    } catch (error) {
      if ((error as StoreError).code === 'compacted') await this.learnCompacted();
      throw error;
    }
  }

  /** `again`: it changes nothing, so it may be tried at another member. Rejects with a StoreError. */
  #call<M extends keyof Methods>(name: M, request: Methods[M][0], again = false): Promise<Methods[M][1]> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    return this.#settled(again ? this.#endpoints.read(name, request) : this.#endpoints.call(name, request));
  }

  /** Keeps account of a call, so that closing can wait for it, and makes its error a StoreError. */
  async #settled<T>(call: Promise<T>): Promise<T> {
    this.#underWay.add(call);
    try {
      return await call;
    } catch (error) {
      throw storeErrorOf(error);
    } finally {
      this.#underWay.delete(call);
    }
  }

  #checkOpen(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
  }
}

function checkRevision(revision: number): void {
  if (!isRevision(revision)) throw new StoreError('invalidTransaction', `${revision} is not a revision`);
}

function closed(): StoreError {
  return new StoreError('closed', 'the store is closed');
}

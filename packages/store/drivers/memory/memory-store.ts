import type { Timer, World } from '@keelson/base';
import { changesOf, entryAfterPut } from '../../changes-of.ts';
import {
  type Change,
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
import { checkReadRevision, checkTransaction, compactedAt, futureRevision } from '../../transaction-check.ts';
import { type HubWatch, WatchHub } from '../../watch-hub.ts';
import { SortedKeys } from './sorted-keys.ts';

/** What a key was from `revision` on; without an entry it was deleted. */
interface Version {
  readonly revision: number;
  readonly entry: Entry | undefined;
}

/** What an entry costs beside its key and value, roughly. */
const overhead = 100;

/**
 * A store in this process' memory, for tests and simulation. A transaction is applied, and handed to the watches,
 * before `transact` returns its promise; so a run on virtual time is the same every time.
 */
export class MemoryStore implements Store {
  readonly #world: World;
  readonly #versions = new Map<string, Version[]>();
  readonly #keys = new SortedKeys();
  readonly #expiries = new Map<string, Timer>();
  /** The changes of every revision above the compacted one; the first is that of `#firstLogged`. */
  #log: (readonly Change[])[] = [];
  #firstLogged = 2;
  #revision = 1;
  #compacted = 0;
  #size = 0;
  #closed = false;
  readonly #hub: WatchHub;

  constructor(world: World) {
    this.#world = world;
    this.#hub = new WatchHub(world.log, this.#revision, {
      latest: () => this.#revision,
      catchUp: (watch) => this.#catchUp(watch),
      requestProgress: (watch) => queueMicrotask(() => watch.progressed(this.#hub.position)),
    });
  }

  revision(): number {
    return this.#revision;
  }

  compactedRevision(): number {
    return this.#compacted;
  }

  async get(key: string, options: { readonly revision?: number } = {}): Promise<Entry | undefined> {
    this.#checkOpen();
    const revision = options.revision ?? 0;
    checkReadRevision(revision, this.#revision, this.#compacted);
    return this.#entryAt(key, revision || this.#revision);
  }

  async range(request: RangeRequest): Promise<RangeResult> {
    this.#checkOpen();
    checkReadRevision(request.revision ?? 0, this.#revision, this.#compacted);
    const revision = request.revision || this.#revision;
    const limit = request.limit || Number.POSITIVE_INFINITY;
    const entries: Entry[] = [];
    let count = 0;
    for (const key of this.#keys.range(request.start, request.end)) {
      const entry = this.#entryAt(key, revision);
      if (entry === undefined) continue;
      count++;
      if (!request.countOnly && entries.length < limit) entries.push(entry);
    }
    return { entries, revision, count, more: !request.countOnly && count > entries.length };
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    this.#checkOpen();
    checkTransaction(transaction);
    const succeeded = transaction.compare.every(
      ({ key, modRevision }) => (this.#latest(key)?.modRevision ?? 0) === modRevision,
    );
    const operations = succeeded ? transaction.success : (transaction.failure ?? []);
    const results = operations.map((operation) => this.#apply(operation, this.#revision + 1));
    const changes = changesOf(operations, results, this.#revision + 1);
    if (changes.length > 0) this.#commit(changes, operations);
    return { succeeded, revision: this.#revision, results };
  }

  watch(request: WatchRequest): StoreWatch {
    return this.#hub.open(request);
  }

  async compact(revision: number): Promise<void> {
    this.#checkOpen();
    if (revision > this.#revision) throw futureRevision(revision, this.#revision);
    if (revision <= this.#compacted) return;
    this.#compacted = revision;
    const forgotten = this.#log.splice(0, revision - this.#firstLogged + 1);
    this.#firstLogged += forgotten.length;
    for (const changes of forgotten) for (const change of changes) this.#prune(change.entry.key, revision);
  }

  async size(): Promise<number> {
    this.#checkOpen();
    return this.#size;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#expiries.values()) timer.cancel();
    this.#expiries.clear();
    this.#hub.close(new StoreError('closed', 'the store is closed'));
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreError('closed', 'the store is closed');
  }

  #latest(key: string): Entry | undefined {
    return this.#versions.get(key)?.at(-1)?.entry;
  }

  #entryAt(key: string, revision: number): Entry | undefined {
    return this.#versions.get(key)?.findLast((version) => version.revision <= revision)?.entry;
  }

  /** Returns what a get found, what a put or delete replaced. */
  #apply(operation: Operation, revision: number): Entry | undefined {
    const { type, key } = operation;
    const previous = this.#latest(key);
    if (type === 'put') this.#record(key, revision, entryAfterPut(key, operation.value, previous, revision));
    else if (type === 'delete' && previous !== undefined) this.#record(key, revision, undefined);
    return previous;
  }

  #record(key: string, revision: number, entry: Entry | undefined): void {
    let versions = this.#versions.get(key);
    if (versions === undefined) {
      versions = [];
      this.#versions.set(key, versions);
      this.#keys.add(key);
    }
    versions.push({ revision, entry });
    this.#size += bytesOf(key, entry);
  }

  #commit(changes: readonly Change[], operations: readonly Operation[]): void {
    this.#revision++;
    this.#log.push(changes);
    for (const operation of operations) {
      if (operation.type === 'get') continue;
      this.#expiries.get(operation.key)?.cancel();
      this.#expiries.delete(operation.key);
      if (operation.type === 'put' && operation.ttl !== undefined)
        this.#expire(operation.key, this.#world.clock.now() + operation.ttl * 1000);
    }
    this.#hub.publish(changes, this.#revision);
  }

  /** A clock may fire early when the delay is longer than its timers can hold; then the rest is waited for. */
  #expire(key: string, deadline: number): void {
    const { clock } = this.#world;
    const timer = clock.setTimer(deadline - clock.now(), () => {
      if (clock.now() < deadline) return this.#expire(key, deadline);
      void this.transact({ compare: [], success: [{ type: 'delete', key }] });
    });
    this.#expiries.set(key, timer);
  }

  #catchUp(watch: HubWatch): void {
    if (watch.next <= this.#compacted) {
      watch.end(compactedAt(watch.next, this.#compacted));
      return;
    }
    for (let revision = watch.next; revision <= this.#hub.position; revision++)
      watch.replay(this.#log[revision - this.#firstLogged] ?? [], revision);
    watch.live();
  }

  /** Drops what a key was before `revision`, and all of it when it is deleted by then. */
  #prune(key: string, revision: number): void {
    const versions = this.#versions.get(key);
    if (versions === undefined) return;
    let keep = versions.findLastIndex((version) => version.revision <= revision);
    if (keep >= 0 && versions[keep]!.entry === undefined) keep++;
    if (keep <= 0) return;
    for (const { entry } of versions.splice(0, keep)) this.#size -= bytesOf(key, entry);
    if (versions.length > 0) return;
    this.#versions.delete(key);
    this.#keys.remove(key);
  }
}

function bytesOf(key: string, entry: Entry | undefined): number {
  return overhead + 2 * key.length + (entry?.value.byteLength ?? 0);
}

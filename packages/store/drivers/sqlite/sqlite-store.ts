import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { messageOf, type Timer, type World } from '@keelson/base';
import { changesOf } from '../../changes-of.ts';
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
import { checkTransaction } from '../../transaction-check.ts';
import { type HubWatch, WatchHub } from '../../watch-hub.ts';
import type { Answers, Deadlines, FromWorker, Request, ToWorker, WireOperation, WorkerSettings } from './messages.ts';
import { WorkerQueue } from './worker-queue.ts';

/** How soon a failed removal of expired keys is tried again, in milliseconds. */
const expiryRetry = 1000;
const longestExpiryWait = 2 ** 31 - 1;

export interface SqliteStoreOptions {
  /** The file; its directory must exist. Files whose names begin with this one's lie beside it while it is open. */
  readonly path: string;
  readonly world: World;
  /** How large the file may get: beyond it writes fail with `noSpace`, deletions and compaction do not. 8 GiB. */
  readonly maximumBytes?: number;
  /** Where the worker thread's program lies; the composition root of a bundled product says. */
  readonly workerUrl?: URL;
}

/**
 * Opens the store in the SQLite file at `path`, making it when there is none.
 * @throws StoreError corrupt (damaged, no store, or of a newer format), unavailable (cannot be opened or is in use),
 * noSpace
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const settings: WorkerSettings = { path: options.path, maximumBytes: options.maximumBytes ?? 8 * 2 ** 30 };
  const url = options.workerUrl ?? new URL('./worker.ts', import.meta.url);
  // The flags of this process are not the worker's: some of them would keep it from starting.
  const worker = new Worker(url, { workerData: settings, name: 'keelson-store', execArgv: [] });
  const first = await new Promise<FromWorker>((resolve, reject) => {
    const died = (cause: unknown) =>
      reject(
        new StoreError('unavailable', `the worker of ${options.path} did not start: ${messageOf(cause)}`, { cause }),
      );
    worker.once('message', resolve);
    worker.once('error', died);
    worker.once('exit', died);
    worker.once('message', () => worker.off('error', died).off('exit', died));
  });
  if ('refused' in first) throw new StoreError(first.refused.code, first.refused.message);
  if (!('opened' in first)) throw new StoreError('unavailable', 'the worker of the store spoke out of turn');
  return new SqliteStore(options, worker, first.opened);
}

class SqliteStore implements Store {
  readonly #world: World;
  readonly #path: string;
  readonly #worker: Worker;
  readonly #queue: WorkerQueue;
  readonly #hub: WatchHub;
  #revision: number;
  #compacted: number;
  #cleaning: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #expiry: { readonly deadline: number; readonly timer: Timer } | undefined;

  constructor(
    { world, path }: SqliteStoreOptions,
    worker: Worker,
    opened: { readonly revision: number; readonly compacted: number; readonly clean: boolean },
  ) {
    this.#world = world;
    this.#path = path;
    this.#worker = worker;
    this.#revision = opened.revision;
    this.#compacted = opened.compacted;
    this.#hub = new WatchHub(world.log, opened.revision, {
      latest: () => this.#revision,
      catchUp: (watch) => this.#catchUp(watch),
      requestProgress: (watch) => queueMicrotask(() => watch.progressed(this.#hub.position)),
    });
    worker.unref();
    this.#queue = new WorkerQueue(worker, (error) => this.#lose(error));
    this.#expire().catch((error) => world.log.warn('expired keys could not be removed', { path, error }));
    if (!opened.clean) this.#clean().catch((error) => world.log.warn('compaction was cut short', { path, error }));
  }

  revision(): number {
    return this.#revision;
  }

  compactedRevision(): number {
    return this.#compacted;
  }

  get(key: string, options: { readonly revision?: number } = {}): Promise<Entry | undefined> {
    return this.#ask({ type: 'get', key, revision: options.revision ?? 0 });
  }

  async range(request: RangeRequest): Promise<RangeResult> {
    const { start, end, revision = 0, limit = 0, countOnly = false } = request;
    const whole = { type: 'range', request: { start, end, revision, limit, countOnly } } as const;
    const { next, ...result } = await this.#ask(whole);
    if (next === 0) return result;
    const entries = [...result.entries];
    for (let part = next; part !== 0; ) {
      const more = await this.#ask({ type: 'rangePart', part });
      entries.push(...more.entries);
      part = more.next;
    }
    return { ...result, entries };
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    if (this.#closing !== undefined) throw closed();
    checkTransaction(transaction);
    const { compare, success, failure = [] } = transaction;
    const now = this.#world.clock.now();
    const wire = {
      type: 'transact',
      compare: compare.map(({ key, modRevision }) => ({ key, modRevision })),
      success: success.map((operation) => wireOperation(operation, now)),
      failure: failure.map((operation) => wireOperation(operation, now)),
    } as const;
    return new Promise((resolve, reject) => {
      const done = (result: TransactionResult) => {
        this.#committed(result.succeeded ? success : failure, result);
        this.#expectDeadlines(result.succeeded ? wire.success : wire.failure);
        resolve(result);
      };
      this.#queue.ask(wire, done, reject);
    });
  }

  watch(request: WatchRequest): StoreWatch {
    return this.#hub.open(request);
  }

  async compact(revision: number): Promise<void> {
    const compacted = await this.#ask({ type: 'compact', revision });
    this.#compacted = Math.max(this.#compacted, compacted);
    await this.#clean();
  }

  async size(): Promise<number> {
    if (this.#closing !== undefined) throw closed();
    const sizes = await Promise.all(
      [this.#path, `${this.#path}-wal`].map((path) =>
        stat(path).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    return sizes[0]! + sizes[1]!;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#expiry?.timer.cancel();
    await this.#queue.drain(closed());
    this.#hub.close(closed());
    await this.#stopWorker();
  }

  async #stopWorker(): Promise<void> {
    this.#worker.ref();
    const ended = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    if (this.#worker.threadId === -1) return;
    this.#worker.postMessage({ close: true } satisfies ToWorker);
    await ended;
  }

  /** The worker can answer no more: what is known is that what was acknowledged is on disk. */
  #lose(error: StoreError): void {
    this.#world.log.error('the store is lost until it is opened again', { path: this.#path, error });
    this.#expiry?.timer.cancel();
    this.#hub.close(error);
  }

  #ask<T extends Request>(request: T): Promise<Answers[T['type']]> {
    return new Promise((resolve, reject) => this.#queue.ask(request, resolve, reject));
  }

  #committed(operations: readonly Operation[], { revision, results }: TransactionResult): void {
    const changes = changesOf(operations, results, revision);
    if (changes.length === 0) return;
    this.#revision = revision;
    this.#hub.publish(changes, revision);
  }

  /**
   * Reads history for a watch, an answer at a time. An answer that reaches the hub's position makes the watch live in
   * the same turn, and a batch's writes are published before its other answers: so nothing falls between.
   */
  #catchUp(watch: HubWatch): void {
    const { start, end } = watch.request;
    this.#queue.ask(
      { type: 'history', start, end, from: watch.next },
      ({ revisions, reached }) => {
        for (const { revision, changes } of revisions) watch.replay(changes, revision);
        watch.next = Math.max(watch.next, reached + 1);
        if (watch.done) return;
        if (reached >= this.#hub.position) watch.live();
        else this.#catchUp(watch);
      },
      (error) => watch.end(error),
    );
  }

  /** Removes what is compacted, one step after the other, with other work between the steps. */
  #clean(): Promise<void> {
    const before = this.#cleaning;
    this.#cleaning = (async () => {
      await before.catch(() => {});
      while (!(await this.#ask({ type: 'clean' })));
    })();
    return this.#cleaning;
  }

  #expectDeadlines(operations: readonly WireOperation[]): void {
    for (const operation of operations)
      if (operation.type === 'put' && operation.deadline !== null) this.#wakeAt(operation.deadline);
  }

  #wakeAt(deadline: number): void {
    if (this.#closing !== undefined || (this.#expiry !== undefined && this.#expiry.deadline <= deadline)) return;
    this.#expiry?.timer.cancel();
    const { clock } = this.#world;
    const wait = Math.min(deadline - clock.now(), longestExpiryWait);
    const timer = clock.setTimer(wait, () => {
      this.#expiry = undefined;
      this.#expire().catch((error) => {
        this.#world.log.warn('expired keys could not be removed', { path: this.#path, error });
        this.#wakeAt(clock.now() + expiryRetry);
      });
    });
    this.#expiry = { deadline, timer };
  }

  /** Removes the keys whose deadline has passed, unless they are written meanwhile, and sets the timer for the next. */
  async #expire(): Promise<void> {
    let deadlines: Deadlines;
    do {
      if (this.#closing !== undefined) return;
      deadlines = await this.#ask({ type: 'deadlines', now: this.#world.clock.now() });
      const removals = deadlines.due.map(({ key, modRevision }) =>
        this.transact({ compare: [{ key, modRevision }], success: [{ type: 'delete', key }] }),
      );
      const outcomes = await Promise.allSettled(removals);
      if (this.#closing !== undefined) return;
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    } while (deadlines.due.length > 0 || (deadlines.next ?? Number.POSITIVE_INFINITY) <= this.#world.clock.now());
    if (deadlines.next !== undefined) this.#wakeAt(deadlines.next);
  }
}

/** A view into a larger buffer is copied first: otherwise all of that buffer would go to the worker. */
function wireOperation(operation: Operation, now: number): WireOperation {
  const { type, key } = operation;
  if (type !== 'put') return { type, key };
  const { value, ttl } = operation;
  const whole = value.byteLength === value.buffer.byteLength;
  return {
    type,
    key,
    value: whole ? value : new Uint8Array(value),
    deadline: ttl === undefined ? null : now + ttl * 1000,
  };
}

function closed(): StoreError {
  return new StoreError('closed', 'the store is closed');
}

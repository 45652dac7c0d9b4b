import type { ObjectForm } from '@keelson/model';
import type { Change, Entry, RangeRequest, RangeResult, Store, StoreWatch, WatchRequest } from '@keelson/store';
import { Deliveries } from './deliveries.ts';

/**
 * A store whose values are read in the form of one version of a custom resource: converted, pruned and filled in as its
 * definition says today. What is written goes to the store as it is. Where conversion takes time, a watch keeps its order.
 */
export class FormStore implements Store {
  readonly #store: Store;
  readonly #form: ObjectForm;

  constructor(store: Store, form: ObjectForm) {
    this.#store = store;
    this.#form = form;
  }

  revision(): number {
    return this.#store.revision();
  }

  compactedRevision(): number {
    return this.#store.compactedRevision();
  }

  async get(key: string, options?: { readonly revision?: number }): Promise<Entry | undefined> {
    const entry = await this.#store.get(key, options);
    return entry && (await this.#read([entry]))[0];
  }

  async range(request: RangeRequest): Promise<RangeResult> {
    const found = await this.#store.range(request);
    return found.entries.length === 0 ? found : { ...found, entries: await this.#read(found.entries) };
  }

  watch(request: WatchRequest): StoreWatch {
    const deliveries = new Deliveries(request, (changes) => this.#changes(changes));
    const watch = this.#store.watch({
      ...request,
      deliver: (changes, revision) => deliveries.deliver(changes, revision),
      progress: (revision) => deliveries.progress(revision),
      ended: (error) => deliveries.end(error),
    });
    deliveries.cancel = () => watch.cancel();
    return {
      requestProgress: () => watch.requestProgress(),
      cancel: () => {
        deliveries.stopped = true;
        watch.cancel();
      },
    };
  }

  transact(...args: Parameters<Store['transact']>): ReturnType<Store['transact']> {
    return this.#store.transact(...args);
  }

  compact(revision: number): Promise<void> {
    return this.#store.compact(revision);
  }

  size(): Promise<number> {
    return this.#store.size();
  }

  /** The store is somebody else's to close. */
  async close(): Promise<void> {}

  #read(entries: readonly Entry[]): readonly Entry[] | Promise<readonly Entry[]> {
    const values = this.#form.read(entries.map(({ value }) => value));
    const put = (read: readonly Uint8Array[]) =>
      entries.map((entry, index) => (read[index] === entry.value ? entry : { ...entry, value: read[index]! }));
    return values instanceof Promise ? values.then(put) : put(values);
  }

  #changes(changes: readonly Change[]): readonly Change[] | Promise<readonly Change[]> {
    const puts = changes.filter(({ type }) => type === 'put').map(({ entry }) => entry);
    if (puts.length === 0) return changes;
    const entries = this.#read(puts);
    const put = (read: readonly Entry[]) => {
      let next = 0;
      return changes.map((change) => (change.type === 'put' ? { type: change.type, entry: read[next++]! } : change));
    };
    return entries instanceof Promise ? entries.then(put) : put(entries);
  }
}

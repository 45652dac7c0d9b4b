import { messageOf } from '@keelson/base';
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
} from '@keelson/store';
import { Deliveries } from '../storage/deliveries.ts';
import { type EncryptionRule, ruleFor } from './encryption-configuration.ts';
import { identityCipher, type ValueCipher } from './value-cipher.ts';

const plain: readonly ValueCipher[] = [identityCipher];

/**
 * A store that keeps some resources encrypted: they are sealed on their way in and opened on their way out, and nobody
 * above or below sees a difference. What has no rule is passed on as it is, untouched.
 */
export class EncryptedStore implements Store {
  readonly #store: Store;
  #rules: readonly EncryptionRule[];
  /** By resource; made anew when the rules change. */
  #ciphers = new Map<string, readonly ValueCipher[]>();

  readonly #others: readonly ValueCipher[];

  /** @param others what may have sealed values before, whatever the rules say now */
  constructor(store: Store, rules: readonly EncryptionRule[], others: readonly ValueCipher[] = []) {
    this.#store = store;
    this.#rules = rules;
    this.#others = others;
  }

  /** Seals by other rules from now on. What is stored stays as it is until it is written again. */
  use(rules: readonly EncryptionRule[]): void {
    this.#rules = rules;
    this.#ciphers = new Map();
  }

  revision(): number {
    return this.#store.revision();
  }

  compactedRevision(): number {
    return this.#store.compactedRevision();
  }

  async get(key: string, options?: { readonly revision?: number }): Promise<Entry | undefined> {
    const entry = await this.#store.get(key, options);
    return entry && this.#opened(entry);
  }

  async range(request: RangeRequest): Promise<RangeResult> {
    const found = await this.#store.range(request);
    const entries = found.entries.map((entry) => this.#opened(entry));
    return { ...found, entries: await allOf(entries) };
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    const { success, failure } = transaction;
    const sealed = {
      ...transaction,
      success: await allOf(success.map((operation) => this.#sealed(operation))),
      ...(failure === undefined ? {} : { failure: await allOf(failure.map((operation) => this.#sealed(operation))) }),
    };
    const result = await this.#store.transact(sealed);
    return { ...result, results: await allOf(result.results.map((entry) => entry && this.#opened(entry))) };
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

  compact(revision: number): Promise<void> {
    return this.#store.compact(revision);
  }

  size(): Promise<number> {
    return this.#store.size();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  /** Whose turn it is for a key `/registry/RESOURCE/…`, the one to seal with first. */
  #ciphersOf(key: string): readonly ValueCipher[] {
    const start = key.indexOf('/', 1) + 1;
    const end = key.indexOf('/', start);
    const resource = key.slice(start, end < 0 ? undefined : end);
    let ciphers = this.#ciphers.get(resource);
    if (ciphers === undefined) {
      ciphers = [...(ruleFor(this.#rules, resource)?.ciphers ?? plain), ...this.#others];
      this.#ciphers.set(resource, ciphers);
    }
    return ciphers;
  }

  #sealed(operation: Operation): Operation | Promise<Operation> {
    if (operation.type !== 'put') return operation;
    const [cipher] = this.#ciphersOf(operation.key);
    if (cipher === undefined || cipher === identityCipher) return operation;
    const put = (value: Uint8Array) => ({ ...operation, value: Buffer.concat([Buffer.from(cipher.prefix), value]) });
    try {
      const value = cipher.seal(operation.value, operation.key);
      return value instanceof Promise ? value.then(put, failedToSeal) : put(value);
    } catch (error) {
      return failedToSeal(error);
    }
  }

  #opened(entry: Entry): Entry | Promise<Entry> {
    const { key, value } = entry;
    const ciphers = this.#ciphersOf(key);
    if (value.length === 0 || (ciphers[0] === identityCipher && value[0] === openingBrace)) return entry;
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
    const sealed = ({ prefix }: ValueCipher) =>
      prefix !== '' && bytes.subarray(0, prefix.length).toString('latin1') === prefix;
    const cipher = ciphers.find(sealed) ?? ciphers.find(({ prefix }) => prefix === '');
    if (cipher === undefined) throw new StoreError('corrupt', `no matching prefix found for ${key}`);
    const failed = (error: unknown) => failedToOpen(key, error);
    try {
      const opened = cipher.open(bytes.subarray(cipher.prefix.length), key);
      const put = (plainValue: Uint8Array) => (plainValue === value ? entry : { ...entry, value: plainValue });
      return opened instanceof Promise ? opened.then(put, failed) : put(opened);
    } catch (error) {
      return failed(error);
    }
  }

  #changes(changes: readonly Change[]): readonly Change[] | Promise<readonly Change[]> {
    try {
      return allOf(changes.map((change) => this.#openedChange(change)));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #openedChange(change: Change): Change | Promise<Change> {
    const { type, entry, previous } = change;
    const opened = [this.#opened(entry), ...(previous === undefined ? [] : [this.#opened(previous)])];
    const put = ([current, before]: readonly Entry[]): Change =>
      current === entry && before === previous
        ? change
        : { type, entry: current!, ...(before === undefined ? {} : { previous: before }) };
    const both = allOf(opened);
    return both instanceof Promise ? both.then(put) : put(both);
  }
}

/** What plain objects begin with. */
const openingBrace = '{'.charCodeAt(0);

/** All of a list, at once when nobody has to be waited for. */
function allOf<T>(values: readonly (T | Promise<T>)[]): readonly T[] | Promise<readonly T[]> {
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : (values as readonly T[]);
}

function failedToSeal(error: unknown): never {
  // It was not written, but others of the same transaction neither.
  throw new StoreError('unavailable', `the value cannot be encrypted: ${messageOf(error)}`);
}

function failedToOpen(key: string, error: unknown): never {
  throw new StoreError('corrupt', `unable to transform key ${JSON.stringify(key)}: ${messageOf(error)}`);
}

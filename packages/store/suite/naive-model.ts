import { changesOf, entryAfterPut } from '../changes-of.ts';
import { compareKeys, inRange } from '../key-order.ts';
import type { Change, Entry, RangeRequest, RangeResult, Transaction, TransactionResult } from '../store.ts';

/** What a store should be, in the plainest way: a whole map for every revision. */
export class NaiveModel {
  revision: number;
  compacted = 0;
  readonly #states = new Map<number, ReadonlyMap<string, Entry>>();
  readonly changes = new Map<number, readonly Change[]>();

  /** The revision at which it began, with nothing in it. */
  readonly first: number;

  constructor(revision: number) {
    this.first = revision;
    this.revision = revision;
    this.#states.set(revision, new Map());
  }

  at(revision: number): ReadonlyMap<string, Entry> {
    return this.#states.get(revision)!;
  }

  range(request: RangeRequest): RangeResult {
    const revision = request.revision || this.revision;
    const found = [...this.at(revision).values()]
      .filter(({ key }) => inRange(key, request.start, request.end))
      .sort((left, right) => compareKeys(left.key, right.key));
    const entries = request.countOnly ? [] : found.slice(0, request.limit || found.length);
    const more = !request.countOnly && entries.length < found.length;
    return { entries, revision, count: found.length, more };
  }

  transact(transaction: Transaction): TransactionResult {
    const state = new Map(this.at(this.revision));
    const succeeded = transaction.compare.every(
      ({ key, modRevision }) => (state.get(key)?.modRevision ?? 0) === modRevision,
    );
    const operations = succeeded ? transaction.success : (transaction.failure ?? []);
    const next = this.revision + 1;
    const results = operations.map((operation) => {
      const { key } = operation;
      const previous = state.get(key);
      if (operation.type === 'put') state.set(key, entryAfterPut(key, operation.value, previous, next));
      else if (operation.type === 'delete') state.delete(key);
      return previous;
    });
    const changes = changesOf(operations, results, next);
    if (changes.length > 0) {
      this.revision = next;
      this.#states.set(next, state);
      this.changes.set(next, changes);
    }
    return { succeeded, revision: this.revision, results };
  }
}

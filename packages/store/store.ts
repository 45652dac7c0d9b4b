/**
 * The contract of every store: ordered keys, byte values, one revision counter. It is etcd's model, so that etcd can be
 * a driver and need not be imitated. It knows nothing of what the bytes mean.
 *
 * Invariants (the suite in suite/ holds every driver to them):
 * - A transaction that writes raises the revision by exactly one, whatever the number of keys it writes; one that only
 *   reads, or whose chosen branch writes nothing (a deletion of a key that does not exist writes nothing), does not
 *   raise it. Revisions start at 1 (an empty store is at 1).
 * - When `transact` has resolved, what it wrote is durable, and each watch of this store object has been handed it
 *   (`memory` and `sqlite`) or will be (`etcd`); a failed `transact` may have been applied only when its error is
 *   `unavailable`.
 * - Every watch sees each change in its range once, in revision order, all changes of one revision in one call.
 * - A transaction never writes one key twice (`invalidTransaction`).
 *
 * A key is a well-formed string (no lone surrogates) that is not empty, has no U+0000 in it and does not begin with
 * U+10FFFF; so '' and '\u{10ffff}' bound all keys, and `key + '\0'` is the first key after `key`. Keys are ordered by
 * their UTF-8 bytes, which for characters beyond U+FFFF is not the order of JavaScript's `<`: see `compareKeys`.
 * A value belongs to the store once given to it and to everyone once received: nobody changes its bytes afterwards.
 */
export interface Store {
  /** The revision of the last write known to this process. */
  revision(): number;

  /**
   * One key. `revision` 0 or absent reads the latest.
   * @throws StoreError compacted, futureRevision, unavailable, closed
   */
  get(key: string, options?: { readonly revision?: number }): Promise<Entry | undefined>;

  /**
   * Keys from `start` up to, not including, `end`, in the order of their UTF-8 bytes.
   * @throws StoreError compacted, futureRevision, unavailable, closed
   */
  range(request: RangeRequest): Promise<RangeResult>;

  /**
   * All comparisons are made, then all operations of one branch applied in their order, as one step: a get after a put
   * of the same key finds what was put.
   * @throws StoreError invalidTransaction (also for what goes beyond `limits`), noSpace, unavailable, closed
   */
  transact(transaction: Transaction): Promise<TransactionResult>;

  /**
   * Changes to keys in [start, end) with a revision of at least `fromRevision` (0: from the next change on). A revision
   * that is yet to come is waited for.
   * `deliver` gets each revision's changes; `ended` is called once when the watch can deliver no more: with an error
   * (compacted: changes since the revision asked for are gone; unavailable: the store was lost; closed) or, after
   * `cancel`, not at all. Neither callback is called before `watch` has returned, and `deliver` must not throw.
   */
  watch(request: WatchRequest): StoreWatch;

  /**
   * Forgets what was superseded before `revision`. Then reads at a revision below it fail with `compacted`, and so do
   * watches from `revision` or below: a watch that goes on from a read (from the read's revision plus one) works for as
   * long as that read does. Does nothing when `revision` was compacted already.
   * @throws StoreError futureRevision when `revision` is above the store's, unavailable, closed
   */
  compact(revision: number): Promise<void>;

  /** Reads at revisions below this one fail. 0 when nothing was compacted, as far as this process knows. */
  compactedRevision(): number;

  /** Bytes on disk (or in memory), for metrics and limits. */
  size(): Promise<number>;

  /**
   * Ends every watch with `closed` and releases what the driver holds. Acknowledged writes are on disk before it
   * resolves. Whatever is asked later fails with `closed`; closing again does nothing.
   */
  close(): Promise<void>;
}

/** What one transaction may hold: the defaults of etcd, kept by every driver so that a store can be moved to it. */
export const limits = {
  /** Comparisons, and operations in each branch. */
  operations: 128,
  /** Bytes of all keys and values of a transaction together. */
  bytes: 1_500_000,
  /** Seconds that a key may have until it removes itself. */
  ttl: 1_000_000_000,
} as const;

export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
  /** The revision that made the key, and the one that last wrote it. */
  readonly createRevision: number;
  readonly modRevision: number;
  /** How often it was written since it was made; 1 for a new key. */
  readonly version: number;
}

export interface RangeRequest {
  readonly start: string;
  /** Exclusive; `prefixEnd(prefix)` makes one from a prefix. Nothing is in the range when it is not above `start`. */
  readonly end: string;
  readonly revision?: number;
  /** At most so many entries; 0 or absent: all. */
  readonly limit?: number;
  /** Counts only: `entries` is empty and `more` is false. */
  readonly countOnly?: boolean;
}

export interface RangeResult {
  readonly entries: readonly Entry[];
  /** The revision at which this was read: the one asked for, or the latest. */
  readonly revision: number;
  /** How many keys the range holds in all, beyond `limit` too. */
  readonly count: number;
  /** `limit` left some out. */
  readonly more: boolean;
}

/** What must hold of a key: its modRevision (0: the key does not exist). */
export interface Comparison {
  readonly key: string;
  readonly modRevision: number;
}

export type Operation =
  | {
      readonly type: 'put';
      readonly key: string;
      readonly value: Uint8Array;
      /**
       * The key removes itself this many seconds (a whole number from 1) after the write, unless it is written again: a
       * deletion like any other. Never earlier; a driver may be late by a twentieth of it and a few seconds.
       */
      readonly ttl?: number;
    }
  | { readonly type: 'delete'; readonly key: string }
  | { readonly type: 'get'; readonly key: string };

export interface Transaction {
  readonly compare: readonly Comparison[];
  readonly success: readonly Operation[];
  readonly failure?: readonly Operation[];
}

export interface TransactionResult {
  readonly succeeded: boolean;
  /** The store's revision after the transaction: that of its writes, when it wrote. */
  readonly revision: number;
  /** For each operation of the branch taken: what a get found, what a put or delete replaced. */
  readonly results: readonly (Entry | undefined)[];
}

export interface Change {
  readonly type: 'put' | 'delete';
  /**
   * The new entry; for a deletion the key with an empty value, the revision of the deletion as modRevision, and 0 as
   * createRevision and version.
   */
  readonly entry: Entry;
  /**
   * What was there before. Absent for a new key; of a change to an old key it may be absent only when compaction went
   * past a slow watch.
   */
  readonly previous?: Entry;
}

export interface WatchRequest {
  readonly start: string;
  readonly end: string;
  readonly fromRevision: number;
  deliver(changes: readonly Change[], revision: number): void;
  /**
   * The watch has delivered everything up to `revision`, though nothing in its range changed. Drivers call it at least
   * once after catching up with history, and then when `requestProgress` asks.
   */
  progress?(revision: number): void;
  ended(error: StoreError): void;
}

export interface StoreWatch {
  /**
   * Makes the driver call `progress` soon with the revision that this watch has reached: at least that of every write
   * that was acknowledged, by whomever, before this call.
   */
  requestProgress(): void;
  /** No callback comes after it. */
  cancel(): void;
}

export type StoreErrorCode =
  | 'compacted'
  | 'futureRevision'
  | 'unavailable'
  | 'noSpace'
  | 'invalidTransaction'
  | 'closed'
  | 'corrupt';

/** Everything that a store may reject with. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The first key after all keys that begin with `prefix`, in the order of their UTF-8 bytes. */
export function prefixEnd(prefix: string): string {
  const points = [...prefix];
  while (points.length > 0) {
    const code = points.pop()!.codePointAt(0)!;
    if (code === 0xd7ff) return points.join('') + '\ue000';
    if (code < 0x10ffff) return points.join('') + String.fromCodePoint(code + 1);
  }
  return '\u{10ffff}';
}

import { deleteChange, putChange } from '../../changes-of.ts';
import { compareKeys } from '../../key-order.ts';
import { type Change, type Entry, prefixEnd } from '../../store.ts';
import type { Event, KeyValue } from './rpc.ts';

const first = '\u0001';

/** Where a store's keys lie in etcd: below a prefix, so that several stores can share one etcd. */
export class KeySpace {
  readonly #prefix: string;
  /** No key of the store: written only so that a watch of the whole space sees a new revision. */
  readonly fence: Uint8Array;
  /** Everything of this store, the fence too. */
  readonly all: { readonly key: Uint8Array; readonly range_end: Uint8Array };

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.fence = Buffer.from(`${prefix}\0fence`);
    // An end of one zero byte is etcd's way to say "to the last key".
    const end = prefix === '' ? '\0' : prefixEnd(prefix);
    this.all = { key: Buffer.from(`${prefix}\0`), range_end: Buffer.from(end) };
  }

  encode(key: string): Uint8Array {
    return Buffer.from(this.#prefix + key);
  }

  /** The range [start, end) as etcd takes it; undefined when nothing can be in it. */
  range(start: string, end: string): { readonly key: Uint8Array; readonly range_end: Uint8Array } | undefined {
    const from = compareKeys(start, first) < 0 ? first : start;
    if (compareKeys(from, end) >= 0) return undefined;
    return { key: this.encode(from), range_end: this.encode(end) };
  }

  /** The values are copied: otherwise one of them would keep the whole answer it came in. */
  entry({ key, value, create_revision, mod_revision, version }: KeyValue): Entry {
    return {
      key: this.decode(key),
      value: new Uint8Array(value),
      createRevision: create_revision,
      modRevision: mod_revision,
      version,
    };
  }

  /** Undefined for the fence. */
  change({ type, kv, prev_kv }: Event): Change | undefined {
    if (Buffer.compare(kv.key, this.fence) === 0) return undefined;
    const previous = prev_kv === null ? undefined : this.entry(prev_kv);
    return type === 0
      ? putChange(this.entry(kv), previous)
      : deleteChange(this.decode(kv.key), previous, kv.mod_revision);
  }

  decode(key: Uint8Array): string {
    return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('utf8').slice(this.#prefix.length);
  }
}

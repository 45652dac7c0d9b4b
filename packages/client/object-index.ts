import type { ApiObject } from '@keelson/model';

/** Which values an object is found under: its node's name, the uids of its owners. */
export type IndexFunction<T> = (object: T) => readonly string[];

/** Objects by a value that a function takes from them; kept current by the cache it belongs to. */
export class ObjectIndex<T extends ApiObject> {
  readonly by: IndexFunction<T>;
  readonly #buckets = new Map<string, Set<T>>();

  constructor(by: IndexFunction<T>) {
    this.by = by;
  }

  /** The objects found under `value`, in no particular order. */
  get(value: string): T[] {
    const bucket = this.#buckets.get(value);
    return bucket === undefined ? [] : [...bucket];
  }

  /** Every value that some object is found under. */
  values(): IterableIterator<string> {
    return this.#buckets.keys();
  }

  add(object: T): void {
    for (const value of this.by(object)) {
      const bucket = this.#buckets.get(value);
      if (bucket === undefined) this.#buckets.set(value, new Set([object]));
      else bucket.add(object);
    }
  }

  /** Takes out what `add` put in for this very object. */
  remove(object: T): void {
    for (const value of this.by(object)) {
      const bucket = this.#buckets.get(value);
      bucket?.delete(object);
      if (bucket?.size === 0) this.#buckets.delete(value);
    }
  }
}

import { compareKeys } from '@keelson/store';
import type { CachedObject } from './cached-object.ts';

/** Objects by key, and in the order of their keys, as the store has them. */
export class SortedObjects {
  readonly #byKey = new Map<string, CachedObject>();
  #sorted: CachedObject[] = [];

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): CachedObject | undefined {
    return this.#byKey.get(key);
  }

  /** Puts `object` in its place and returns what was there. */
  set(object: CachedObject): CachedObject | undefined {
    const previous = this.#byKey.get(object.key);
    this.#byKey.set(object.key, object);
    const last = this.#sorted[this.#sorted.length - 1];
    if (last === undefined || compareKeys(last.key, object.key) < 0) this.#sorted.push(object);
    else if (previous === undefined) this.#sorted.splice(this.#indexOf(object.key), 0, object);
    else this.#sorted[this.#indexOf(object.key)] = object;
    return previous;
  }

  delete(key: string): CachedObject | undefined {
    const previous = this.#byKey.get(key);
    if (previous === undefined) return undefined;
    this.#byKey.delete(key);
    this.#sorted.splice(this.#indexOf(key), 1);
    return previous;
  }

  clear(): void {
    this.#byKey.clear();
    this.#sorted = [];
  }

  /** The objects with keys in [start, end), a copy that later changes do not touch. */
  range(start: string, end: string): readonly CachedObject[] {
    return this.#sorted.slice(this.#indexOf(start), this.#indexOf(end));
  }

  values(): IterableIterator<CachedObject> {
    return this.#byKey.values();
  }

  /** The position of the first key that is not less than `key`. */
  #indexOf(key: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.#sorted[middle]!.key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

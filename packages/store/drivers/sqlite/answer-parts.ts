import type { Entry, RangeResult } from '../../store.ts';
import type { RangePart } from './messages.ts';

/** A part holds so many entries, or about so many bytes: the thread that receives it copies it in a few milliseconds. */
const entriesAtOnce = 1000;
const bytesAtOnce = 1_000_000;

/**
 * Large answers on their way to the main thread, which asks for one part after the other: each is as of one moment, and
 * none makes the main thread stand still. The main thread asks until there is no more.
 */
export class AnswerParts {
  readonly #rest = new Map<number, readonly Entry[]>();
  #last = 0;

  /** The first part of `result`, with the number under which the rest is kept when there is more. */
  first(result: RangeResult): RangeResult & RangePart {
    return { ...result, ...this.#split(result.entries) };
  }

  next(part: number): RangePart {
    const entries = this.#rest.get(part) ?? [];
    this.#rest.delete(part);
    return this.#split(entries);
  }

  #split(entries: readonly Entry[]): RangePart {
    let bytes = 0;
    let count = 0;
    while (count < Math.min(entries.length, entriesAtOnce) && bytes < bytesAtOnce)
      bytes += entries[count++]!.value.byteLength;
    if (count === entries.length) return { entries, next: 0 };
    this.#rest.set(++this.#last, entries.slice(count));
    return { entries: entries.slice(0, count), next: this.#last };
  }
}

/** Sets of completion indexes as a Job's status writes them: `1,3-5,7`. */

/** One interval of indexes, both ends included. */
export interface IndexInterval {
  readonly first: number;
  readonly last: number;
}

/** Why a text is no set of indexes, in upstream's words. */
export class IndexesError extends Error {}

function indexIn(text: string, completions: number): number {
  const quoted = JSON.stringify(text);
  const number = /^[+-]?[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(number)) throw new IndexesError(`cannot convert string to integer for index: ${quoted}`);
  if (number >= completions) throw new IndexesError(`too large index: ${quoted}`);
  return number;
}

function intervalIn(text: string, completions: number): IndexInterval {
  const ends = text.split('-');
  if (ends.length > 2) {
    const rule = "violates the requirement that an index interval can have at most two parts separated by '-'";
    throw new IndexesError(`the fragment ${JSON.stringify(text)} ${rule}`);
  }
  const first = indexIn(ends[0]!, completions);
  const last = ends.length === 2 ? indexIn(ends[1]!, completions) : first;
  if (ends.length === 2 && first >= last) {
    throw new IndexesError(`non-increasing order, previous: ${first}, current: ${last}`);
  }
  return { first, last };
}

/**
 * The intervals of `text`, ascending.
 * @throws IndexesError
 */
export function parseIndexes(text: string, completions: number): IndexInterval[] {
  if (text === '') return [];
  const intervals: IndexInterval[] = [];
  for (const part of text.split(',')) {
    const interval = intervalIn(part, completions);
    const before = intervals.at(-1);
    if (before !== undefined && before.last >= interval.first) {
      throw new IndexesError(`non-increasing order, previous: ${before.last}, current: ${interval.first}`);
    }
    intervals.push(interval);
  }
  return intervals;
}

/** The intervals of `text` that are below `completions` and in order; what cannot be read is left out. */
export function readableIndexes(text: string, completions: number): IndexInterval[] {
  const intervals: IndexInterval[] = [];
  for (const part of text === '' ? [] : text.split(',')) {
    const ends = part.split('-').map(Number);
    const first = ends[0]!;
    const last = Math.min(ends[1] ?? first, completions - 1);
    const after = (intervals.at(-1)?.last ?? -1) + 1;
    if (Number.isInteger(first) && Number.isInteger(last) && first >= after && first <= last) {
      intervals.push({ first, last });
    }
  }
  return intervals;
}

/** The first index that both have; undefined when there is none. Both are ascending. */
export function sharedIndex(left: readonly IndexInterval[], right: readonly IndexInterval[]): number | undefined {
  for (let [i, j] = [0, 0]; i < left.length && j < right.length; ) {
    const [one, other] = [left[i]!, right[j]!];
    if (one.first <= other.last && other.first <= one.last) return Math.max(one.first, other.first);
    if (one.first <= other.first) i++;
    else j++;
  }
  return undefined;
}

export function countIndexes(intervals: readonly IndexInterval[]): number {
  return intervals.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/** Whether `index` is in one of the intervals, which are ascending. */
export function hasIndex(intervals: readonly IndexInterval[], index: number): boolean {
  let [low, high] = [0, intervals.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const { first, last } = intervals[middle]!;
    if (index < first) high = middle - 1;
    else if (index > last) low = middle + 1;
    else return true;
  }
  return false;
}

/** The intervals with more indexes, which come in any order. */
export function withIndexes(intervals: readonly IndexInterval[], indexes: readonly number[]): IndexInterval[] {
  const more = indexes.map((index) => ({ first: index, last: index }));
  const merged: { first: number; last: number }[] = [];
  for (const { first, last } of [...intervals, ...more].toSorted((left, right) => left.first - right.first)) {
    const before = merged.at(-1);
    if (before !== undefined && first <= before.last + 1) before.last = Math.max(before.last, last);
    else merged.push({ first, last });
  }
  return merged;
}

/** `1,3-5,7`: two neighbours are written apart, as upstream does. */
export function indexesText(intervals: readonly IndexInterval[]): string {
  return intervals
    .map(({ first, last }) => {
      if (first === last) return String(first);
      return first + 1 === last ? `${first},${last}` : `${first}-${last}`;
    })
    .join(',');
}

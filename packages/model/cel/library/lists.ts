import type { Meter } from '../evaluate/meter.ts';
import { compareValues, equalValues } from '../values/equality.ts';
import { ArrayList, CelFailure, CelList, type CelValue, kindOf } from '../values/value.ts';
import { type Implementation, type Overload, overload } from './declaration.ts';

/** The lists extension of cel-go (version 3): slice, flatten, sort, sortBy, lists.range, reverse, distinct. */

/** More elements than this are not made. */
const mostElements = 1_000_000;
const comparable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];

function elementsOf(list: CelValue, meter: Meter): CelValue[] {
  const { size } = list as CelList;
  meter.work(20 * size);
  return Array.from({ length: size }, (_, position) => (list as CelList).at(position));
}

const slice: Implementation = ([list, start, end], { meter }) => {
  const { size } = list as CelList;
  const problem =
    (start as bigint) < 0n || (end as bigint) < 0n
      ? 'negative indexes not supported'
      : (start as bigint) > (end as bigint)
        ? 'start index must be less than or equal to end index'
        : BigInt(size) < (end as bigint)
          ? `list is length ${size}`
          : undefined;
  if (problem !== undefined) return new CelFailure(`cannot slice(${start}, ${end}), ${problem}`);
  return new ArrayList(elementsOf(list!, meter).slice(Number(start), Number(end)));
};

function flattened(list: CelValue, depth: number, into: CelValue[], meter: Meter): boolean {
  for (const element of elementsOf(list, meter)) {
    if (element instanceof CelList && depth > 0) {
      if (!flattened(element, depth - 1, into, meter)) return false;
    } else into.push(element);
    if (into.length > mostElements) return false;
  }
  return true;
}

const flatten: Implementation = ([list, depth = 1n], { meter }) => {
  if ((depth as bigint) < 0n) return new CelFailure('level must be non-negative');
  const into: CelValue[] = [];
  // No value is nested deeper than this.
  const levels = Math.min(Number(depth), 500);
  return flattened(list!, levels, into, meter) ? new ArrayList(into) : new CelFailure('list too long');
};

class Unsortable extends Error {}

function sortedBy(values: readonly CelValue[], keys: readonly CelValue[], meter: Meter): CelValue {
  if (values.length !== keys.length) {
    return new CelFailure(
      `@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got ${values.length} and ${keys.length} elements respectively`,
    );
  }
  const [first] = keys;
  if (first === undefined) return new ArrayList([]);
  try {
    const order = keys.map((_, position) => position);
    order.sort((left, right) => {
      const [mine, theirs] = [keys[left]!, keys[right]!];
      if (kindOf(mine) !== kindOf(first) || kindOf(theirs) !== kindOf(first)) {
        throw new Unsortable('list elements must have the same type');
      }
      meter.work(50);
      const compared = compareValues(mine, theirs, meter);
      if (compared instanceof CelFailure) throw new Unsortable('list elements must be comparable');
      return compared;
    });
    return new ArrayList(order.map((position) => values[position]!));
  } catch (error) {
    if (error instanceof Unsortable) return new CelFailure(error.message);
    throw error;
  }
}

const distinct: Implementation = ([list], { meter }) => {
  const unique: CelValue[] = [];
  for (const element of elementsOf(list!, meter)) {
    if (!unique.some((each) => equalValues(element, each, meter))) unique.push(element);
  }
  return new ArrayList(unique);
};

const range: Implementation = ([count], { meter }) => {
  const size = (count as bigint) < 0n ? 0 : Number(count);
  meter.work(40 * size);
  if (size > mostElements) return new CelFailure('list too long');
  return new ArrayList(Array.from({ length: size }, (_, position) => BigInt(position)));
};

export const listOverloads: readonly Overload[] = [
  overload('list_slice', '(list<T>).slice(int, int) -> list<T>', slice),
  overload('list_flatten', '(list<list<T>>).flatten() -> list<T>', flatten),
  overload('list_flatten_int', '(list<dyn>).flatten(int) -> list<dyn>', flatten),
  ...comparable.flatMap((type) => [
    overload(`list_${type}_sort`, `(list<${type}>).sort() -> list<${type}>`, ([list], { meter }) => {
      const values = elementsOf(list!, meter);
      return sortedBy(values, values, meter);
    }),
    overload(
      `list_${type}_sortByAssociatedKeys`,
      `(list<T>).@sortByAssociatedKeys(list<${type}>) -> list<T>`,
      ([list, keys], { meter }) => sortedBy(elementsOf(list!, meter), elementsOf(keys!, meter), meter),
    ),
  ]),
  overload('lists_range', 'lists.range(int) -> list<int>', range),
  overload(
    'list_reverse',
    '(list<T>).reverse() -> list<T>',
    ([list], { meter }) => new ArrayList(elementsOf(list!, meter).reverse()),
  ),
  overload('list_distinct', '(list<T>).distinct() -> list<T>', distinct),
];

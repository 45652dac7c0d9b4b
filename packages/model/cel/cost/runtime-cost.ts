import type { Meter } from '../evaluate/meter.ts';
import { codePointCount } from '../values/text-size.ts';
import { CelList, CelMap, CelOpaque, CelOptional, type CelValue } from '../values/value.ts';

/** What a call costs when it is made: cel-go's costs, and Kubernetes' for its libraries (pkg/cel/library/cost.go). */

export type CallCost = (values: readonly CelValue[], result: CelValue, meter: Meter) => number;

/** Cost of going over one character of a string. */
export const traversal = 0.1;
/** Cost of one character of a pattern, for each character of the text. */
export const patternCharacter = 0.25;
export const listCreation = 10;
export const mapCreation = 30;
export const structCreation = 40;
/** Two checks are all that one expression can afford. */
export const authorizationCheck = 350_000;

/** Values of a library that have a size of their own. */
export interface Sized {
  readonly celSize: number;
}

/** Characters, bytes, elements, entries; 1 for what has no size. */
export function actualSize(value: CelValue | undefined, meter: Meter): number {
  if (typeof value === 'string') return codePointCount(value, meter);
  if (value instanceof CelList || value instanceof CelMap) return value.size;
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof CelOptional && value.value !== undefined) return actualSize(value.value, meter);
  if (value instanceof CelOpaque && 'celSize' in value) return (value as unknown as Sized).celSize;
  return 1;
}

function once(position: number, factor = traversal): CallCost {
  return (values, _result, meter) => Math.ceil(actualSize(values[position], meter) * factor);
}

const ofSmaller: CallCost = ([left, right], _result, meter) =>
  Math.ceil(Math.min(actualSize(left, meter), actualSize(right, meter)) * traversal);

const ofBoth: CallCost = ([left, right], _result, meter) =>
  Math.ceil((actualSize(left, meter) + actualSize(right, meter)) * traversal);

const ofPattern: CallCost = ([text, pattern], _result, meter) =>
  Math.ceil((1 + actualSize(text, meter)) * traversal) * Math.ceil(actualSize(pattern, meter) * patternCharacter);

const ofContains: CallCost = ([text, part], _result, meter) =>
  Math.ceil(actualSize(text, meter) * traversal) * Math.ceil(actualSize(part, meter) * traversal);

/** cel-go's own costs, by overload. All others cost 1. */
const byOverload: Readonly<Record<string, CallCost>> = {
  starts_with_string: once(0),
  ends_with_string: once(0),
  string_to_bytes: once(0),
  bytes_to_string: once(0),
  strings_quote: once(0),
  string_format: once(0),
  in_list: once(1, 1),
  add_string: ofBoth,
  add_bytes: ofBoth,
  matches_string: ofPattern,
  contains_string: ofContains,
  list_sets_contains_list: sets(1),
  list_sets_intersects_list: sets(1),
  list_sets_equivalent_list: sets(2),
  list_slice: ofResult,
  lists_range: ofResult,
  list_reverse: ofResult,
  list_flatten: ([list], _result, meter) => 1 + listCreation + actualSize(list, meter),
  list_flatten_int: ([list, depth], _result, meter) =>
    1 + listCreation + Math.max(0, Math.floor(actualSize(list, meter) * Number(depth))),
  list_distinct: ([list]) => selfComparison(list),
};

function ofResult(_values: readonly CelValue[], result: CelValue, meter: Meter): number {
  return 1 + listCreation + actualSize(result, meter);
}

function sets(factor: number): CallCost {
  return ([left, right], _result, meter) => 1 + Math.floor(actualSize(left, meter) * actualSize(right, meter) * factor);
}

function selfComparison(list: CelValue | undefined): number {
  if (!(list instanceof CelList)) return 1;
  const first = list.size === 0 ? undefined : list.at(0);
  const factor = typeof first === 'string' || first instanceof Uint8Array ? 2 + traversal : 2;
  return 1 + listCreation + Math.floor(list.size * list.size * factor);
}

for (const id of [
  'equals',
  'not_equals',
  'less_string',
  'greater_string',
  'less_equals_string',
  'greater_equals_string',
]) {
  (byOverload as Record<string, CallCost>)[id] = ofSmaller;
}
for (const id of ['less_bytes', 'greater_bytes', 'less_equals_bytes', 'greater_equals_bytes']) {
  (byOverload as Record<string, CallCost>)[id] = ofSmaller;
}

/** The cost of going through a value as a tree. */
function treeCost(value: CelValue | undefined, meter: Meter): number {
  meter.work(10);
  if (typeof value === 'string') return Math.floor(Buffer.byteLength(value) * traversal);
  if (value instanceof Uint8Array) return Math.floor(value.length * traversal);
  let cost = 0;
  if (value instanceof CelList) {
    for (let position = 0; position < value.size; position += 1) cost += treeCost(value.at(position), meter);
    return cost;
  }
  if (!(value instanceof CelMap)) return 1;
  for (const key of value.allKeys()) cost += treeCost(key, meter) + treeCost(value.find(key), meter);
  return cost;
}

const ofTree: CallCost = ([value], _result, meter) => treeCost(value, meter);

/** A selector: its text, and a requirement for every two characters at most. */
export function selectorCost(length: number): number {
  return (
    listCreation + Math.ceil(length * traversal) + Math.ceil(Math.ceil(length * 0.5) * (listCreation + structCreation))
  );
}

function containsBlock(plus: number): CallCost {
  return ([block, other], _result, meter) => {
    const size = actualSize(block, meter);
    const parsed = typeof other === 'string' ? Math.ceil(actualSize(other, meter) * traversal) : 0;
    const masked = plus === 0 ? 0 : Math.ceil(size * traversal) + plus;
    return Math.ceil(2 * size * traversal) + masked + parsed;
  };
}

const ofFormat: CallCost = ([format, text], _result, meter) => {
  const size = (format as unknown as { readonly maxRegexSize: number }).maxRegexSize;
  return Math.ceil((1 + actualSize(text, meter)) * traversal) * Math.ceil(size * patternCharacter);
};

/** Kubernetes' costs, by the function's name. */
const byName = new Map<string, CallCost>();
function costs(cost: CallCost, ...names: string[]): void {
  for (const name of names) byName.set(name, cost);
}
costs(() => authorizationCheck, 'check');
costs(ofTree, 'isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf', 'includes');
costs(once(0), 'url', 'lowerAscii', 'upperAscii', 'substring', 'trim', 'jsonpatch.escapeKey');
costs(once(0), 'cidr', 'isIP', 'isCIDR', 'quantity', 'isQuantity', 'semver', 'isSemver');
costs(once(0, 2 * traversal), 'replace', 'split', 'ip.isCanonical');
costs((_values, result, meter) => Math.ceil(actualSize(result, meter) * 2 * traversal), 'join');
costs(ofPattern, 'find', 'findAll');
costs(
  ([value], _result, meter) => (typeof value === 'string' ? Math.ceil(actualSize(value, meter) * traversal) : 1),
  'ip',
);
costs(containsBlock(0), 'containsIP');
costs(containsBlock(1), 'containsCIDR');
costs(ofFormat, 'validate');
costs(([, selector], _result, meter) => selectorCost(actualSize(selector, meter)), 'fieldSelector', 'labelSelector');

/** `==` of values of Kubernetes' own types costs 1. */
export const equalityCost: CallCost = (values, result, meter) =>
  values[0] instanceof CelOpaque ? 1 : ofSmaller(values, result, meter);

/** The cost of calls of a function; `overload` is '' when evaluation alone tells which one it is. */
export function callCost(name: string, overload: string): CallCost | 1 {
  if (/^list_\w+_sort$/.test(overload)) return ([list]) => selfComparison(list);
  if (/^list_\w+_sortByAssociatedKeys$/.test(overload)) return ([, keys]) => selfComparison(keys);
  const own = Object.hasOwn(byOverload, overload) ? byOverload[overload] : undefined;
  if (own !== undefined && overload.startsWith('list')) return own;
  return byName.get(name) ?? own ?? 1;
}

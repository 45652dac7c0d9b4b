import type { CelType } from '../cel-type.ts';
import type { CostEstimate } from '../contract.ts';
import type { Expression } from '../syntax/expression.ts';
import { authorizationCheck, listCreation, patternCharacter, selectorCost, traversal } from './runtime-cost.ts';
import { fixed, most, plus, type SizeEstimate, scaled, times, union } from './size-estimate.ts';

/** One argument of a call, with what is known of its size. */
export interface Operand {
  readonly node: Expression;
  readonly type: CelType;
  readonly size: SizeEstimate;
  /** Of a list: what is known of its elements. */
  readonly element?: { readonly type: CelType; readonly size: SizeEstimate };
}

export interface CallEstimate {
  /** Of the call itself, without its arguments unless `whole`. */
  readonly cost: CostEstimate;
  readonly size?: SizeEstimate;
  readonly whole?: boolean;
}

type Estimate = (target: Operand | undefined, parts: readonly Operand[]) => CallEstimate | undefined;

const one: SizeEstimate = fixed(1);

function traverses(operand: Operand | undefined, factor = traversal): CostEstimate {
  return scaled(operand?.size ?? { min: 0, max: most }, factor);
}

function wholeLiteral(operand: Operand | undefined, otherwise: number): number {
  const node = operand?.node;
  if (node?.kind !== 'literal' || typeof node.value !== 'bigint') return otherwise;
  return node.value < 0n ? 0 : Number(node.value);
}

const ofPattern: Estimate = (target, [pattern]) => ({
  cost: times(scaled(plus(target!.size, one), traversal), scaled(pattern!.size, patternCharacter)),
});

const foundByPattern: Estimate = (target, parts) => ({
  cost: ofPattern(target, parts)!.cost,
  size: { min: 0, max: target!.size.max },
});

const ofSmaller: Estimate = (_target, [left, right]) => {
  const max = Math.min(left!.size.max, right!.size.max);
  return { cost: scaled({ min: max > 0 ? 1 : 0, max }, traversal) };
};

function sets(factor: number): Estimate {
  return (_target, [left, right]) => ({ cost: plus(scaled(times(left!.size, right!.size), factor), one) });
}

function allocates(factor: number, size: SizeEstimate): CallEstimate {
  return { cost: plus(plus(scaled(size, factor), one), fixed(listCreation)), size };
}

const joined: Estimate = (_target, [left, right]) => {
  const size = plus(left!.size, right!.size);
  return { cost: scaled(size, traversal), size };
};

const byOverload: Readonly<Record<string, Estimate>> = {
  string_format: (target) => ({ cost: traverses(target) }),
  string_to_bytes: (_target, [text]) => ({
    cost: traverses(text),
    size: { min: text!.size.min, max: Math.min(most, text!.size.max * 4) },
  }),
  bytes_to_string: (_target, [bytes]) => ({
    cost: traverses(bytes),
    size: { min: Math.floor(bytes!.size.min / 4), max: bytes!.size.max },
  }),
  strings_quote: (_target, [text]) => ({
    cost: traverses(text),
    size: { min: text!.size.min + 2, max: Math.min(most, text!.size.max * 2 + 2) },
  }),
  starts_with_string: (_target, [part]) => ({ cost: traverses(part) }),
  ends_with_string: (_target, [part]) => ({ cost: traverses(part) }),
  in_list: (_target, [, list]) => ({ cost: scaled(list!.size, 1) }),
  matches_string: ofPattern,
  contains_string: (target, [part]) => ({ cost: times(traverses(target), traverses(part)) }),
  add_string: joined,
  add_bytes: joined,
  add_list: (_target, [left, right]) => ({ cost: one, size: plus(left!.size, right!.size) }),
  list_sets_contains_list: sets(1),
  list_sets_intersects_list: sets(1),
  list_sets_equivalent_list: sets(2),
  list_slice: (target, [start, end]) =>
    allocates(1, fixed(Math.max(0, wholeLiteral(end, target!.size.max) - wholeLiteral(start, 0)))),
  lists_range: (_target, [count]) => allocates(1, fixed(wholeLiteral(count, most))),
  list_reverse: (target) => allocates(1, target!.size),
  list_flatten: (target) => allocates(1, target!.size),
  list_flatten_int: (target, [depth]) => allocates(wholeLiteral(depth, most), target!.size),
  list_distinct: (target) => allocates(2, times(target!.size, target!.size)),
};

const comparedTexts = /^(?:(?:less|greater)(?:_equals)?_(?:string|bytes)|equals|not_equals)$/;

function sorts(overload: string, target: Operand | undefined, parts: readonly Operand[]): CallEstimate | undefined {
  const match = /^list_(\w+?)_(sort|sortByAssociatedKeys)$/.exec(overload);
  if (match === null) return undefined;
  const { size } = match[2] === 'sort' ? target! : parts[0]!;
  const factor = match[1] === 'string' || match[1] === 'bytes' ? 2 + traversal : 2;
  return allocates(factor, times(size, size));
}

/** Each element of a list, or each character of a string, is looked at once. */
const ofElements: Estimate = (target) => {
  if (target === undefined) return undefined;
  const { element } = target;
  if (element === undefined) return { cost: traverses(target) };
  const text = element.type.kind === 'string' || element.type.kind === 'bytes';
  const each = text ? plus(one, scaled(element.size, traversal)) : one;
  return { cost: times(target.size, each) };
};

const sameSize: Estimate = (target) =>
  target === undefined ? undefined : { cost: traverses(target), size: target.size };
const ofFirst: Estimate = (_target, [first]) => ({ cost: traverses(first) });
const firstSize: Estimate = (_target, [first]) => ({ cost: traverses(first), size: first!.size });

/** How often `from` can be found in `text` and what takes its place makes the longest and shortest result. */
const replaced: Estimate = (target, [from, to]) => {
  if (target === undefined || from === undefined || to === undefined) return undefined;
  const { size } = target;
  const count = { min: 0, max: 0 };
  const kept = { min: 0, max: 0 };
  if (from.size.min === 0) {
    count.max = Math.min(most, size.max + 1);
    kept.max = size.max;
  } else if (to.size.max <= from.size.min) kept.max = size.max;
  else count.max = Math.ceil(size.max / from.size.min);
  if (from.size.max === 0) {
    count.min = Math.min(most, size.min + 1);
    kept.min = size.min;
  } else if (from.size.max <= to.size.min) kept.min = size.min;
  else count.min = Math.ceil(size.min / from.size.max);
  return { cost: scaled(size, 2 * traversal), size: plus(times(count, to.size), kept) };
};

const split: Estimate = (target, [, limit]) => {
  if (target === undefined) return undefined;
  const max = limit === undefined ? target.size.max : wholeLiteral(limit, target.size.max);
  return { cost: traverses(target, 2 * traversal), size: { min: 0, max } };
};

const join: Estimate = (target, [separator]) => {
  if (target === undefined) return undefined;
  let size: SizeEstimate = target.element === undefined ? fixed(0) : times(target.size, target.element.size);
  if (separator !== undefined) {
    const gaps = { min: Math.max(0, target.size.min - 1), max: Math.max(0, target.size.max - 1) };
    size = plus(size, times(separator.size, gaps));
  }
  return { cost: scaled(size, traversal), size };
};

function inBlock(nested: boolean): Estimate {
  return (_target, [other]) => {
    const bytes = { min: 4, max: 16 };
    let cost = scaled(plus(bytes, bytes), traversal);
    if (nested) cost = plus(plus(cost, scaled(bytes, traversal)), one);
    return { cost: other!.type.kind === 'string' ? plus(cost, traverses(other)) : cost };
  };
}

const byName = new Map<string, Estimate>();
function estimates(estimate: Estimate, ...names: string[]): void {
  for (const name of names) byName.set(name, estimate);
}
estimates(() => ({ cost: fixed(authorizationCheck) }), 'check');
estimates(ofElements, 'isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf', 'includes');
estimates(firstSize, 'url', 'jsonpatch.escapeKey');
estimates(sameSize, 'lowerAscii', 'upperAscii', 'substring', 'trim');
estimates(replaced, 'replace');
estimates(split, 'split');
estimates(join, 'join');
estimates(foundByPattern, 'find', 'findAll');
estimates(ofFirst, 'cidr', 'isIP', 'isCIDR', 'quantity', 'isQuantity', 'semver', 'isSemver');
estimates((target, [text]) => ({ cost: target === undefined ? traverses(text) : one }), 'ip');
estimates((_target, [text]) => ({ cost: traverses(text, 2 * traversal) }), 'ip.isCanonical');
estimates(inBlock(false), 'containsIP');
estimates(inBlock(true), 'containsCIDR');
estimates((_target, [text]) => ({ cost: scaled(traverses(text), 128 * patternCharacter) }), 'validate');
estimates(
  (_target, [selector]) => ({
    cost: { min: selectorCost(selector!.size.min), max: Math.min(most, selectorCost(selector!.size.max)) },
  }),
  'fieldSelector',
  'labelSelector',
);

/** `==` of values of Kubernetes' own types. */
function ownEquality([left, right]: readonly Operand[]): CallEstimate | undefined {
  if (left!.type.name !== right!.type.name) return undefined;
  const { name } = left!.type;
  if (name === 'kubernetes.NamedFormat') return { cost: scaled({ min: 1, max: 64 }, traversal) };
  if (name === 'kubernetes.URL')
    return { cost: scaled({ min: 1, max: union(right!.size, right!.size).max }, traversal) };
  return /^(kubernetes\.(Quantity|Semver|authorization\.)|net\.(IP|CIDR)$)/.test(name) ? { cost: one } : undefined;
}

/** What one way to call a function can cost. */
export function callEstimate(
  name: string,
  overload: string,
  target: Operand | undefined,
  parts: readonly Operand[],
): CallEstimate {
  const sorted = sorts(overload, target, parts);
  if (sorted !== undefined) return sorted;
  const own = Object.hasOwn(byOverload, overload) ? byOverload[overload]! : undefined;
  if (own !== undefined && overload.startsWith('list')) return own(target, parts)!;
  const library = overload === 'equals' ? ownEquality(parts) : byName.get(name)?.(target, parts);
  if (library !== undefined) return library;
  if (comparedTexts.test(overload)) return ofSmaller(target, parts)!;
  return own?.(target, parts) ?? { cost: one };
}

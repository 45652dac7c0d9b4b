import { sameCelType } from '../cel-type.ts';
import type { Meter } from '../evaluate/meter.ts';
import {
  CelDuration,
  CelFailure,
  CelList,
  CelMap,
  CelOpaque,
  CelOptional,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  type CelValue,
} from './value.ts';

/** Deeper values than this are never equal; a hostile value cannot exhaust the stack. */
const maxDepth = 512;
/** About the nanoseconds that it takes to get one element out of each of two values. */
const perElement = 150;

function compareNumbers(left: bigint | number, right: bigint | number): number {
  // JavaScript compares a bigint with a number exactly.
  return left < right ? -1 : left > right ? 1 : 0;
}

function numeric(value: CelValue): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof CelUint ? value.value : undefined;
}

function sameBytes(left: Uint8Array, right: Uint8Array, meter: Meter): boolean {
  meter.work(Math.min(left.length, right.length));
  return left.length === right.length && left.every((byte, position) => byte === right[position]);
}

/** What tells apart the elements of a set or list map. */
function elementKey(element: CelValue, keys: readonly string[]): string {
  const parts =
    keys.length === 0 ? [element] : keys.map((key) => (element instanceof CelMap ? element.find(key) : undefined));
  return parts
    .map((part) => {
      const number = part === undefined ? undefined : numeric(part);
      return number !== undefined
        ? `n${number}`
        : `${typeof part}${typeof part === 'object' ? '' : JSON.stringify(part)}`;
    })
    .join('\n');
}

function sameUnordered(left: CelList, right: CelList, keys: readonly string[], meter: Meter, depth: number): boolean {
  const elements = new Map<string, CelValue[]>();
  for (let position = 0; position < left.size; position += 1) {
    meter.work(200);
    const element = left.at(position);
    const key = elementKey(element, keys);
    const same = elements.get(key);
    if (same === undefined) elements.set(key, [element]);
    else same.push(element);
  }
  const seen = new Set<string>();
  for (let position = 0; position < right.size; position += 1) {
    meter.work(200);
    const element = right.at(position);
    const key = elementKey(element, keys);
    if (!elements.get(key)?.some((each) => equalAt(each, element, meter, depth + 1))) return false;
    seen.add(key);
  }
  return seen.size === elements.size;
}

function sameLists(left: CelList, right: CelList, meter: Meter, depth: number): boolean {
  if (left.size !== right.size) return false;
  if (left.keys !== undefined) return sameUnordered(left, right, left.keys, meter, depth);
  for (let position = 0; position < left.size; position += 1) {
    meter.work(perElement);
    if (!equalAt(left.at(position), right.at(position), meter, depth + 1)) return false;
  }
  return true;
}

function sameMaps(left: CelMap, right: CelMap, meter: Meter, depth: number): boolean {
  if (left.size !== right.size) return false;
  for (const key of left.allKeys()) {
    meter.work(perElement);
    const mine = left.find(key);
    const theirs = right.find(key);
    if ((mine === undefined) !== (theirs === undefined)) return false;
    if (mine !== undefined && !equalAt(mine, theirs!, meter, depth + 1)) return false;
  }
  return true;
}

function equalAt(left: CelValue, right: CelValue, meter: Meter, depth: number): boolean {
  meter.work(20);
  if (depth > maxDepth) return false;
  const number = numeric(left);
  if (number !== undefined) {
    const other = numeric(right);
    // biome-ignore lint/suspicious/noDoubleEquals: a bigint and a number of the same value are equal in CEL.
    return other !== undefined && number == other;
  }
  if (typeof left === 'string') {
    if (typeof right !== 'string' || left.length !== right.length) return false;
    meter.work(left.length >> 3);
    return left === right;
  }
  if (left === null || typeof left === 'boolean') return left === right;
  if (left instanceof CelMap) return right instanceof CelMap && sameMaps(left, right, meter, depth);
  if (left instanceof CelList) return right instanceof CelList && sameLists(left, right, meter, depth);
  if (left instanceof Uint8Array) return right instanceof Uint8Array && sameBytes(left, right, meter);
  if (left instanceof CelTimestamp) return right instanceof CelTimestamp && left.nanos === right.nanos;
  if (left instanceof CelDuration) return right instanceof CelDuration && left.nanos === right.nanos;
  if (left instanceof CelTypeValue) {
    return right instanceof CelTypeValue && (left.type.name === right.type.name || sameCelType(left.type, right.type));
  }
  if (left instanceof CelOptional) {
    if (!(right instanceof CelOptional)) return false;
    if (left.value === undefined || right.value === undefined) return left.value === right.value;
    return equalAt(left.value, right.value, meter, depth + 1);
  }
  if (left instanceof CelOpaque) {
    return right instanceof CelOpaque && left.typeName === right.typeName && left.equals(right);
  }
  return false;
}

/** `left == right`: false for values of different types, true for numbers of the same value. */
export function equalValues(left: CelValue, right: CelValue, meter: Meter): boolean {
  return equalAt(left, right, meter, 0);
}

/** By code points, as Go compares strings by their UTF-8. */
function compareText(left: string, right: string, meter: Meter): number {
  meter.work(Math.min(left.length, right.length) >> 2);
  if (left === right) return 0;
  const shorter = Math.min(left.length, right.length);
  let at = 0;
  while (at < shorter && left.charCodeAt(at) === right.charCodeAt(at)) at += 1;
  if (at === shorter) return left.length - right.length;
  const mine = left.charCodeAt(at);
  const theirs = right.charCodeAt(at);
  // Surrogates stand for code points above all others.
  const rank = (unit: number) => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
  return rank(mine) - rank(theirs);
}

/** -1, 0, 1; a CelFailure when the two have no order. */
export function compareValues(left: CelValue, right: CelValue, meter: Meter): number | CelFailure {
  const mine = numeric(left);
  const theirs = numeric(right);
  if (mine !== undefined && theirs !== undefined) {
    if (Number.isNaN(mine) || Number.isNaN(theirs)) return new CelFailure('NaN values cannot be ordered');
    return compareNumbers(mine, theirs);
  }
  if (typeof left === 'string' && typeof right === 'string') return Math.sign(compareText(left, right, meter));
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  if (left instanceof CelTimestamp && right instanceof CelTimestamp) return compareNumbers(left.nanos, right.nanos);
  if (left instanceof CelDuration && right instanceof CelDuration) return compareNumbers(left.nanos, right.nanos);
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    meter.work(Math.min(left.length, right.length));
    return Buffer.compare(left, right);
  }
  return new CelFailure('no such overload');
}

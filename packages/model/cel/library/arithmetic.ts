import type { Meter } from '../evaluate/meter.ts';
import { durationOf, timestampOf } from '../values/time.ts';
import {
  ArrayList,
  CelDuration,
  CelFailure,
  CelList,
  CelTimestamp,
  CelUint,
  type CelValue,
  JoinedList,
} from '../values/value.ts';
import { noSuchOverload } from './declaration.ts';
import { mergeKeyed } from './keyed-lists.ts';

const intOverflow = new CelFailure('integer overflow');
const uintOverflow = new CelFailure('unsigned integer overflow');
const divisionByZero = new CelFailure('division by zero');
const modulusByZero = new CelFailure('modulus by zero');
/** Longer strings cannot be: JavaScript has no room for them. */
const longestString = 2 ** 28;

function int(value: bigint): CelValue {
  return BigInt.asIntN(64, value) === value ? value : intOverflow;
}

function uint(value: bigint): CelValue {
  return BigInt.asUintN(64, value) === value ? new CelUint(value) : uintOverflow;
}

function joinText(left: string, right: string, meter: Meter): CelValue {
  const length = left.length + right.length;
  meter.work(length >> 4);
  return length > longestString ? new CelFailure('string too long') : left + right;
}

function joinLists(left: CelList, right: CelList, meter: Meter): CelList {
  if (left.keys !== undefined) return mergeKeyed(left, right, left.keys, meter);
  if (left instanceof ArrayList && left.growing && right !== left) {
    for (let position = 0; position < right.size; position += 1) left.elements.push(right.at(position));
    return left;
  }
  return new JoinedList(left, right);
}

/** `left + right` of any types that can be added. */
export function add(left: CelValue, right: CelValue, meter: Meter): CelValue {
  if (typeof left === 'bigint' && typeof right === 'bigint') return int(left + right);
  if (typeof left === 'string' && typeof right === 'string') return joinText(left, right, meter);
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  if (left instanceof CelList && right instanceof CelList) return joinLists(left, right, meter);
  if (left instanceof CelUint && right instanceof CelUint) return uint(left.value + right.value);
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    meter.work(left.length + right.length);
    if (left.length + right.length > longestString) return new CelFailure('bytes too long');
    const joined = new Uint8Array(left.length + right.length);
    joined.set(left);
    joined.set(right, left.length);
    return joined;
  }
  if (left instanceof CelDuration) {
    if (right instanceof CelDuration) return durationOf(left.nanos + right.nanos);
    if (right instanceof CelTimestamp) return timestampOf(left.nanos + right.nanos);
  }
  if (left instanceof CelTimestamp && right instanceof CelDuration) return timestampOf(left.nanos + right.nanos);
  return noSuchOverload;
}

export function subtract(left: CelValue, right: CelValue): CelValue {
  if (typeof left === 'bigint' && typeof right === 'bigint') return int(left - right);
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (left instanceof CelUint && right instanceof CelUint) return uint(left.value - right.value);
  if (left instanceof CelDuration && right instanceof CelDuration) return durationOf(left.nanos - right.nanos);
  if (left instanceof CelTimestamp) {
    if (right instanceof CelDuration) return timestampOf(left.nanos - right.nanos);
    if (right instanceof CelTimestamp) return durationOf(left.nanos - right.nanos);
  }
  return noSuchOverload;
}

export function multiply(left: CelValue, right: CelValue): CelValue {
  if (typeof left === 'bigint' && typeof right === 'bigint') return int(left * right);
  if (typeof left === 'number' && typeof right === 'number') return left * right;
  if (left instanceof CelUint && right instanceof CelUint) return uint(left.value * right.value);
  return noSuchOverload;
}

export function divide(left: CelValue, right: CelValue): CelValue {
  if (typeof left === 'bigint' && typeof right === 'bigint') return right === 0n ? divisionByZero : int(left / right);
  if (typeof left === 'number' && typeof right === 'number') return left / right;
  if (left instanceof CelUint && right instanceof CelUint) {
    return right.value === 0n ? divisionByZero : uint(left.value / right.value);
  }
  return noSuchOverload;
}

export function remainder(left: CelValue, right: CelValue): CelValue {
  if (typeof left === 'bigint' && typeof right === 'bigint') return right === 0n ? modulusByZero : int(left % right);
  if (left instanceof CelUint && right instanceof CelUint) {
    return right.value === 0n ? modulusByZero : uint(left.value % right.value);
  }
  return noSuchOverload;
}

export function negate(value: CelValue): CelValue {
  if (typeof value === 'bigint') return int(-value);
  if (typeof value === 'number') return -value;
  return noSuchOverload;
}

import { Buffer } from 'node:buffer';
import { generalDouble, parseDouble, parseWhole } from '../values/go-number.ts';
import { durationText, parseDuration, parseTimestamp, timestampOf, timestampText } from '../values/time.ts';
import { type CelDuration, CelFailure, type CelTimestamp, CelUint, type CelValue } from '../values/value.ts';
import { type Implementation, type Overload, overload } from './declaration.ts';

/** `int(x)`, `string(x)` and the like. */

const intOverflow = new CelFailure('integer overflow');
const uintOverflow = new CelFailure('unsigned integer overflow');
const truths = new Map<string, boolean>();
for (const word of ['1', 't', 'T', 'TRUE', 'true', 'True']) truths.set(word, true);
for (const word of ['0', 'f', 'F', 'FALSE', 'false', 'False']) truths.set(word, false);

function failed(to: string): CelFailure {
  return new CelFailure(`type conversion error from 'string' to '${to}'`);
}

function doubleToInt(value: CelValue): CelValue {
  const number = value as number;
  const inRange = number > -(2 ** 63) && number < 2 ** 63;
  return inRange ? BigInt(Math.trunc(number)) : intOverflow;
}

function doubleToUint(value: CelValue): CelValue {
  const number = value as number;
  return number >= 0 && number < 2 ** 64 ? new CelUint(BigInt(Math.trunc(number))) : uintOverflow;
}

function bytesToString(value: CelValue): CelValue {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value as Uint8Array);
  } catch {
    return new CelFailure('invalid UTF-8 in bytes, cannot convert to string');
  }
}

function stringToUint(value: CelValue): CelValue {
  const whole = parseWhole(value as string, true);
  return whole === undefined ? failed('uint') : new CelUint(whole);
}

function intToUint(value: CelValue): CelValue {
  return (value as bigint) < 0n ? uintOverflow : new CelUint(value as bigint);
}

function uintToInt(value: CelValue): CelValue {
  const whole = (value as CelUint).value;
  return BigInt.asIntN(64, whole) === whole ? whole : intOverflow;
}

function secondsOf(value: CelValue): CelValue {
  const { nanos } = value as CelTimestamp;
  const seconds = nanos / 1_000_000_000n;
  return nanos < 0n && nanos % 1_000_000_000n !== 0n ? seconds - 1n : seconds;
}

function same(value: CelValue): CelValue {
  return value;
}

type Convert = (value: CelValue) => CelValue;

const table: readonly [to: string, from: string, id: string, convert: Convert, cost?: 'size'][] = [
  ['bool', 'bool', 'bool_to_bool', same],
  ['bool', 'string', 'string_to_bool', (value) => truths.get(value as string) ?? failed('bool')],
  ['bytes', 'bytes', 'bytes_to_bytes', same],
  ['bytes', 'string', 'string_to_bytes', (value) => new Uint8Array(Buffer.from(value as string, 'utf8'))],
  ['double', 'double', 'double_to_double', same],
  ['double', 'int', 'int64_to_double', (value) => Number(value)],
  ['double', 'string', 'string_to_double', (value) => parseDouble(value as string) ?? failed('double')],
  ['double', 'uint', 'uint64_to_double', (value) => Number((value as CelUint).value)],
  ['duration', 'duration', 'duration_to_duration', same],
  [
    'duration',
    'string',
    'string_to_duration',
    (value) => parseDuration(value as string) ?? failed('google.protobuf.Duration'),
  ],
  ['int', 'int', 'int64_to_int64', same],
  ['int', 'double', 'double_to_int64', doubleToInt],
  ['int', 'duration', 'duration_to_int64', (value) => (value as CelDuration).nanos],
  ['int', 'string', 'string_to_int64', (value) => parseWhole(value as string, false) ?? failed('int')],
  ['int', 'timestamp', 'timestamp_to_int64', secondsOf],
  ['int', 'uint', 'uint64_to_int64', uintToInt],
  ['string', 'string', 'string_to_string', same],
  ['string', 'bool', 'bool_to_string', (value) => String(value)],
  ['string', 'bytes', 'bytes_to_string', bytesToString],
  ['string', 'double', 'double_to_string', (value) => generalDouble(value as number)],
  ['string', 'duration', 'duration_to_string', (value) => durationText(value as CelDuration)],
  ['string', 'int', 'int64_to_string', (value) => String(value)],
  ['string', 'timestamp', 'timestamp_to_string', (value) => timestampText(value as CelTimestamp)],
  ['string', 'uint', 'uint64_to_string', (value) => String((value as CelUint).value)],
  ['timestamp', 'timestamp', 'timestamp_to_timestamp', same],
  ['timestamp', 'int', 'int64_to_timestamp', (value) => timestampOf((value as bigint) * 1_000_000_000n)],
  [
    'timestamp',
    'string',
    'string_to_timestamp',
    (value) => parseTimestamp(value as string) ?? failed('google.protobuf.Timestamp'),
  ],
  ['uint', 'uint', 'uint64_to_uint64', same],
  ['uint', 'double', 'double_to_uint64', doubleToUint],
  ['uint', 'int', 'int64_to_uint64', intToUint],
  ['uint', 'string', 'string_to_uint64', stringToUint],
];

function implementationOf(convert: Convert): Implementation {
  return ([value], { meter }) => {
    if (typeof value === 'string' || value instanceof Uint8Array) meter.work(value.length);
    return convert(value!);
  };
}

export const conversions: readonly Overload[] = table.map(([to, from, id, convert]) =>
  overload(id, `${to}(${from}) -> ${to}`, implementationOf(convert)),
);

/** Functions whose call on a constant is a constant (cel-go folds them before evaluation). */
export const conversionNames: ReadonlySet<string> = new Set([
  'bool',
  'bytes',
  'double',
  'duration',
  'dyn',
  'int',
  'string',
  'timestamp',
  'type',
  'uint',
]);

import { Buffer } from 'node:buffer';
import type { Meter } from '../evaluate/meter.ts';
import { plainDouble } from '../values/go-number.ts';
import { durationText, timestampText } from '../values/time.ts';
import {
  CelDuration,
  CelFailure,
  CelList,
  CelMap,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  type CelValue,
  kindOf,
} from '../values/value.ts';
import type { Implementation } from './declaration.ts';

/** `'%s has %d'.format([…])` of the strings extension. */

/** Digits after the point that a clause may ask for. */
const maxPrecision = 100;
/** Longer results are refused. */
const longestResult = 2 ** 26;

class FormatProblem extends Error {}

function typeName(value: CelValue): string {
  const kind = kindOf(value);
  if (kind === 'null') return 'null_type';
  if (kind === 'timestamp') return 'google.protobuf.Timestamp';
  return kind === 'duration' ? 'google.protobuf.Duration' : kind;
}

function special(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? undefined : value > 0 ? '∞' : '-∞';
}

/** What an element of a list or map looks like: texts in quotes, moments with their constructor. */
function nested(value: CelValue, meter: Meter, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return special(value) ?? value.toFixed(6);
  if (value instanceof CelTimestamp) return `timestamp(${JSON.stringify(timestampText(value))})`;
  if (value instanceof CelDuration) return `duration(${JSON.stringify(durationText(value))})`;
  return text(value, meter, depth);
}

function text(value: CelValue, meter: Meter, depth = 0): string {
  meter.work(50);
  if (depth > 100) throw new FormatProblem('value is nested too deeply');
  if (typeof value === 'string') return value;
  if (value === null) return 'null';
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return special(value) ?? plainDouble(value);
  if (value instanceof CelUint) return String(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (value instanceof CelTimestamp) return timestampText(value);
  if (value instanceof CelDuration) return durationText(value);
  if (value instanceof CelTypeValue) return value.type.name;
  if (value instanceof CelList) {
    const parts = Array.from({ length: value.size }, (_, position) => nested(value.at(position), meter, depth + 1));
    return `[${parts.join(', ')}]`;
  }
  if (value instanceof CelMap) {
    const parts = value.allKeys().map((key) => {
      if (!['string', 'int', 'uint', 'bool'].includes(kindOf(key)))
        throw new FormatProblem(`no formatting function for map key ${typeName(key)}`);
      return `${nested(key, meter, depth + 1)}:${nested(value.find(key)!, meter, depth + 1)}`;
    });
    return `{${parts.sort().join(', ')}}`;
  }
  throw new FormatProblem(
    `error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${typeName(value)}`,
  );
}

function whole(value: CelValue): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return value instanceof CelUint ? value.value : undefined;
}

function refused(clause: string, value: CelValue): never {
  throw new FormatProblem(`error during formatting: ${clause}, was given ${typeName(value)}`);
}

function radix(value: CelValue, base: 2 | 8, clause: string): string {
  if (base === 2 && typeof value === 'boolean') return value ? '1' : '0';
  return whole(value)?.toString(base) ?? refused(clause, value);
}

function hexadecimal(value: CelValue): string {
  if (typeof value === 'string') return Buffer.from(value, 'utf8').toString('hex');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return whole(value)?.toString(16) ?? refused('only ints, uints, bytes, and strings can be formatted as hex', value);
}

function double(value: CelValue, clause: string): number {
  if (typeof value === 'number') return value;
  const int = whole(value);
  return int === undefined ? refused(clause, value) : Number(int);
}

function scientific(value: number, precision: number): string {
  const [mantissa, exponent] = value.toExponential(precision).split('e') as [string, string];
  const power = Math.abs(Number(exponent));
  return `${mantissa}e${exponent.startsWith('-') ? '-' : '+'}${String(power).padStart(2, '0')}`;
}

function decimal(value: CelValue): string {
  if (typeof value === 'number') return special(value) ?? plainDouble(value);
  return whole(value)?.toString() ?? refused('decimal clause can only be used on integers', value);
}

function clauseText(clause: string, precision: number, value: CelValue, meter: Meter): string {
  switch (clause) {
    case 's':
      return text(value, meter);
    case 'd':
      return decimal(value);
    case 'f': {
      const number = double(value, 'fixed-point clause can only be used on doubles');
      return special(number) ?? number.toFixed(precision);
    }
    case 'e': {
      const number = double(value, 'scientific clause can only be used on doubles');
      return special(number) ?? scientific(number, precision);
    }
    case 'b':
      return radix(value, 2, 'only integers and bools can be formatted as binary');
    case 'x':
      return hexadecimal(value);
    case 'X':
      return hexadecimal(value).toUpperCase();
    case 'o':
      return radix(value, 8, 'octal clause can only be used on integers');
    default:
      throw new FormatProblem(`could not parse formatting clause: unrecognized formatting clause "${clause}"`);
  }
}

function formatted(pattern: string, values: CelList, meter: Meter): string {
  let result = '';
  let used = 0;
  let last = 0;
  for (const found of pattern.matchAll(/%(?:%|(\.\d*)?(.?))/gsu)) {
    result += pattern.slice(last, found.index);
    last = found.index + found[0].length;
    if (found[0] === '%%') {
      result += '%';
      continue;
    }
    if (used >= values.size) throw new FormatProblem(`index ${used} out of range`);
    const value = values.at(used);
    used += 1;
    if (value instanceof CelFailure) throw new FormatProblem(value.message);
    if (found[2] === '') throw new FormatProblem('unexpected end of string');
    const precision = found[1] === undefined ? 6 : Number(found[1].slice(1));
    if (precision > maxPrecision) {
      throw new FormatProblem(`could not parse formatting clause: precision ${precision} exceeds ${maxPrecision}`);
    }
    result += clauseText(found[2]!, precision, value, meter);
    meter.work(100);
    if (result.length > longestResult) throw new FormatProblem('string too long');
  }
  return result + pattern.slice(last);
}

export const format: Implementation = ([pattern, values], { meter }) => {
  meter.work((pattern as string).length);
  try {
    return formatted(pattern as string, values as CelList, meter);
  } catch (problem) {
    if (!(problem instanceof FormatProblem)) throw problem;
    return new CelFailure(problem.message);
  }
};

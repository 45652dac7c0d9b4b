import { plainDouble } from './go-number.ts';
import { CelDuration, CelFailure, CelTimestamp } from './value.ts';

/** Timestamps and durations as CEL, Go and OpenAPI's formats read and write them. */

const second = 1_000_000_000n;
const smallestSecond = -62_135_596_800n;
const largestSecond = 253_402_300_799n;
const largestDuration = 2n ** 63n - 1n;

/** @returns a failure when it is outside the years 1 to 9999 */
export function timestampOf(nanos: bigint): CelTimestamp | CelFailure {
  if (nanos < smallestSecond * second || nanos >= (largestSecond + 1n) * second)
    return new CelFailure('timestamp overflow');
  return new CelTimestamp(nanos);
}

/** @returns a failure when it does not fit 64 bits */
export function durationOf(nanos: bigint): CelDuration | CelFailure {
  if (nanos > largestDuration || nanos < -largestDuration - 1n) return new CelFailure('duration overflow');
  return new CelDuration(nanos);
}

const rfc3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,32}))?(?:([Zz])|([+-])(\d{2}):(\d{2}))$/;

function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year === 0 ? 4 : year, month, 0)).getUTCDate();
}

/** Seconds since 1970 of a date and time in UTC; undefined when there is no such time. */
function secondsOf(parts: readonly number[]): bigint | undefined {
  const [year, month, day, hour, minute, seconds] = parts as [number, number, number, number, number, number];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || seconds > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, seconds, 0);
  return BigInt(date.getTime()) / 1000n;
}

/** Reads RFC 3339, with any fraction and offset; undefined when it is none. */
export function parseTimestamp(text: string): CelTimestamp | CelFailure | undefined {
  const match = text.length <= 80 ? rfc3339.exec(text) : null;
  if (match === null) return undefined;
  const seconds = secondsOf(match.slice(1, 7).map(Number));
  if (seconds === undefined) return undefined;
  const fraction = BigInt((match[7] ?? '').slice(0, 9).padEnd(9, '0'));
  let offset = 0n;
  if (match[9] !== undefined) {
    if (Number(match[10]) > 24 || Number(match[11]) > 59) return undefined;
    offset = BigInt(Number(match[10]) * 3600 + Number(match[11]) * 60);
    if (match[9] === '-') offset = -offset;
  }
  return timestampOf((seconds - offset) * second + fraction);
}

/** Reads a date (`2006-01-02`) as its first moment in UTC; undefined when it is none. */
export function parseDate(text: string): CelTimestamp | undefined {
  const read = /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseTimestamp(`${text}T00:00:00Z`) : undefined;
  return read instanceof CelTimestamp ? read : undefined;
}

export function timestampText(value: CelTimestamp): string {
  const seconds = value.nanos >= 0n ? value.nanos / second : (value.nanos - second + 1n) / second;
  const rest = value.nanos - seconds * second;
  const date = new Date(Number(seconds) * 1000).toISOString().replace(/\.\d{3}Z$/, '');
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`;
  return `${date}${fraction}Z`;
}

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: second,
  m: 60n * second,
  h: 3600n * second,
};

/** Reads a duration as Go's time.ParseDuration does (`1h15m`, `-1.5s`); undefined when it is none. */
export function parseDuration(text: string): CelDuration | undefined {
  const signed = /^([+-]?)(.*)$/s.exec(text)!;
  const body = signed[2]!;
  if (body === '0') return new CelDuration(0n);
  if (body.length > 200 || !/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(body)) return undefined;
  let nanos = 0n;
  for (const part of body.matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const unit = units[part[3]!]!;
    const fraction = part[2]!;
    nanos +=
      BigInt(part[1] || '0') * unit +
      (fraction === '' ? 0n : (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length));
  }
  const value = durationOf(signed[1] === '-' ? -nanos : nanos);
  return value instanceof CelDuration ? value : undefined;
}

const wordUnits: Readonly<Record<string, bigint>> = {
  nanos: 1n,
  nano: 1n,
  micros: 1_000n,
  micro: 1_000n,
  millis: 1_000_000n,
  milli: 1_000_000n,
  seconds: second,
  second,
  sec: second,
  secs: second,
  minutes: 60n * second,
  minute: 60n * second,
  min: 60n * second,
  mins: 60n * second,
  hours: 3600n * second,
  hour: 3600n * second,
  hr: 3600n * second,
  hrs: 3600n * second,
  days: 86_400n * second,
  day: 86_400n * second,
  d: 86_400n * second,
  weeks: 604_800n * second,
  week: 604_800n * second,
  w: 604_800n * second,
};

/** Reads what OpenAPI's format duration takes: Go's form, and `3 days` or `2w`. */
export function parseSchemaDuration(text: string): CelDuration | undefined {
  const plain = parseDuration(text);
  if (plain !== undefined) return plain;
  const match = /^\s*(\d{1,12})\s*([A-Za-zµ]+)\s*$/.exec(text);
  if (match === null) return undefined;
  const unit = wordUnits[match[2]!] ?? units[match[2]!];
  const value = unit === undefined ? undefined : durationOf(BigInt(match[1]!) * unit);
  return value instanceof CelDuration ? value : undefined;
}

/** The text that string() makes: seconds, `3600s`. */
export function durationText(value: CelDuration): string {
  const seconds = Number(value.nanos / second) + Number(value.nanos % second) / 1e9;
  return `${plainDouble(seconds)}s`;
}

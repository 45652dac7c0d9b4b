import { type CelDuration, CelFailure, type CelTimestamp, type CelValue } from '../values/value.ts';
import { type Overload, overload } from './declaration.ts';

/** `t.getHours('Europe/Berlin')` and the like. */

/** A moment's parts in some zone. */
interface Parts {
  readonly year: number;
  /** From 0. */
  readonly month: number;
  /** From 1. */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const formats = new Map<string, Intl.DateTimeFormat | null>();
/** As many zones as this are kept; there are about 600 names. */
const maxFormats = 1000;

function formatOf(zone: string): Intl.DateTimeFormat | null {
  let format = formats.get(zone);
  if (format === undefined) {
    if (formats.size >= maxFormats) formats.clear();
    try {
      format = new Intl.DateTimeFormat('en-US-u-ca-iso8601-hc-h23', {
        timeZone: zone,
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch {
      format = null;
    }
    formats.set(zone, format);
  }
  return format;
}

function floor(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && value % by !== 0n ? quotient - 1n : quotient;
}

function shifted(value: CelTimestamp, minutes: number): Parts {
  const date = new Date(Number(floor(value.nanos, 1_000_000n)) + minutes * 60_000);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

function inNamedZone(value: CelTimestamp, zone: string): Parts | CelFailure {
  const format = zone.length > 64 ? null : formatOf(zone);
  if (format === null) return new CelFailure(`unknown time zone ${zone}`);
  const parts: Record<string, string> = {};
  for (const part of format.formatToParts(Number(floor(value.nanos, 1_000_000n)))) parts[part.type] = part.value;
  return {
    year: Number(parts['year']),
    month: Number(parts['month']) - 1,
    day: Number(parts['day']),
    hour: Number(parts['hour']),
    minute: Number(parts['minute']),
    second: Number(parts['second']),
  };
}

/** The parts in UTC, at an offset (`+01:00`), or in a named zone. */
function partsIn(value: CelTimestamp, zone: string | undefined): Parts | CelFailure {
  if (zone === undefined || zone === '' || zone === 'UTC') return shifted(value, 0);
  const colon = zone.indexOf(':');
  if (colon < 0) return inNamedZone(value, zone);
  const [hours, minutes] = [zone.slice(0, colon), zone.slice(colon + 1)];
  for (const part of [hours, minutes]) {
    if (!/^[+-]?\d{1,4}$/.test(part)) {
      return new CelFailure(`strconv.Atoi: parsing ${JSON.stringify(part)}: invalid syntax`);
    }
  }
  if (Number(minutes) < 0 || Number(minutes) > 59) {
    return new CelFailure(`timezone offset minutes out of range [0, 59]: ${zone}`);
  }
  const offset = Number(hours) * 60 + (zone.startsWith('-') ? -Number(minutes) : Number(minutes));
  return shifted(value, offset);
}

function dayOfYear({ year, month, day }: Parts): number {
  const start = new Date(0).setUTCFullYear(year, 0, 1);
  return Math.round((new Date(0).setUTCFullYear(year, month, day) - start) / 86_400_000);
}

const readers: readonly [name: string, id: string, zoneId: string, read: (parts: Parts) => number][] = [
  ['getFullYear', 'timestamp_to_year', 'timestamp_to_year_with_tz', ({ year }) => year],
  ['getMonth', 'timestamp_to_month', 'timestamp_to_month_with_tz', ({ month }) => month],
  ['getDayOfYear', 'timestamp_to_day_of_year', 'timestamp_to_day_of_year_with_tz', dayOfYear],
  ['getDayOfMonth', 'timestamp_to_day_of_month', 'timestamp_to_day_of_month_with_tz', ({ day }) => day - 1],
  ['getDate', 'timestamp_to_day_of_month_1_based', 'timestamp_to_day_of_month_1_based_with_tz', ({ day }) => day],
  [
    'getDayOfWeek',
    'timestamp_to_day_of_week',
    'timestamp_to_day_of_week_with_tz',
    ({ year, month, day }) => new Date(new Date(0).setUTCFullYear(year, month, day)).getUTCDay(),
  ],
  ['getHours', 'timestamp_to_hours', 'timestamp_to_hours_with_tz', ({ hour }) => hour],
  ['getMinutes', 'timestamp_to_minutes', 'timestamp_to_minutes_with_tz', ({ minute }) => minute],
  ['getSeconds', 'timestamp_to_seconds', 'timestamp_to_seconds_tz', ({ second }) => second],
];

function read(value: CelValue, zone: CelValue | undefined, reader: (parts: Parts) => number): CelValue {
  const parts = partsIn(value as CelTimestamp, zone as string | undefined);
  return parts instanceof CelFailure ? parts : BigInt(reader(parts));
}

function milliseconds([value, zone]: readonly CelValue[]): CelValue {
  const parts = partsIn(value as CelTimestamp, zone as string | undefined);
  if (parts instanceof CelFailure) return parts;
  const { nanos } = value as CelTimestamp;
  return (nanos - floor(nanos, 1_000_000_000n) * 1_000_000_000n) / 1_000_000n;
}

const ofDurations: readonly [name: string, id: string, unit: bigint][] = [
  ['getHours', 'duration_to_hours', 3_600_000_000_000n],
  ['getMinutes', 'duration_to_minutes', 60_000_000_000n],
  ['getSeconds', 'duration_to_seconds', 1_000_000_000n],
];

export const timeFunctions: readonly Overload[] = [
  ...readers.flatMap(([name, id, zoneId, reader]) => [
    overload(id, `(timestamp).${name}() -> int`, ([value]) => read(value!, undefined, reader)),
    // Reading a named zone takes about 10 µs.
    overload(zoneId, `(timestamp).${name}(string) -> int`, ([value, zone], { meter }) => {
      meter.work(12_000);
      return read(value!, zone, reader);
    }),
  ]),
  overload('timestamp_to_milliseconds', '(timestamp).getMilliseconds() -> int', milliseconds),
  overload('timestamp_to_milliseconds_with_tz', '(timestamp).getMilliseconds(string) -> int', milliseconds),
  ...ofDurations.map(([name, id, unit]) =>
    overload(id, `(duration).${name}() -> int`, ([value]) => (value as CelDuration).nanos / unit),
  ),
  overload(
    'duration_to_milliseconds',
    '(duration).getMilliseconds() -> int',
    ([value]) => (value as CelDuration).nanos / 1_000_000n,
  ),
];

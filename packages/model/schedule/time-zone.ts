/** Wall clocks of the IANA time zones. */

/** What a wall clock shows, to the minute. */
export interface WallTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** How many zones are kept ready; a cluster has few, a hostile one may name all. */
const ZONES_LIMIT = 64;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    if (formats.size >= ZONES_LIMIT) formats.clear();
    const numeric = 'numeric' as const;
    const fields = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric };
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', calendar: 'iso8601', ...fields });
    formats.set(zone, format);
  }
  return format;
}

/** True for a name that the zone database has, written as it is there. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    const known = formatOf(name).resolvedOptions().timeZone;
    return known === name || known.toLowerCase() !== name.toLowerCase();
  } catch {
    return false;
  }
}

/** How far the zone's clocks are ahead of UTC at an instant; both in milliseconds. */
function offsetAt(instant: number, zone: string): number {
  if (zone === 'UTC') return 0;
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(instant)) parts[type] = Number(value);
  const { year, month, day, hour, minute, second } = parts as Record<string, number>;
  const shown = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
  return shown - Math.floor(instant / 1000) * 1000;
}

/** What the clocks of `zone` show at `instant` (milliseconds since 1970). */
export function wallTime(instant: number, zone: string): WallTime {
  const shown = new Date(instant + offsetAt(instant, zone));
  return {
    year: shown.getUTCFullYear(),
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    hour: shown.getUTCHours(),
    minute: shown.getUTCMinutes(),
    weekday: shown.getUTCDay(),
  };
}

/**
 * The first instant at which the clocks of `zone` show midnight of a day, or have passed it, where clocks are put forward
 * at midnight. A day beyond the month's end is one of the next month.
 */
export function midnight(year: number, month: number, day: number, zone: string): number {
  const target = Date.UTC(year, month - 1, day);
  const offsets = [offsetAt(target - DAY, zone), offsetAt(target + DAY, zone)].toSorted((left, right) => right - left);
  for (const offset of offsets) if (offsetAt(target - offset, zone) === offset) return target - offset;
  let instant = target - offsets[0]!;
  while (instant + offsetAt(instant, zone) < target) instant += MINUTE;
  return instant;
}

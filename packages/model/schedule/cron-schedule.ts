/**
 * Schedules of CronJobs: five fields or a descriptor (`@daily`, `@every 1h30m`), as github.com/robfig/cron/v3 reads and
 * reckons them for kube-controller-manager.
 */
import { isTimeZone, midnight, wallTime } from './time-zone.ts';

/** What is wrong with a schedule, in the words of that library. */
export class ScheduleError extends Error {}

/** When something is due. */
export interface Schedule {
  /**
   * The first instant after `instant`, both in milliseconds since 1970; undefined when there is none in five years.
   * Whatever names a wall clock's time means that of `zone`, unless the schedule names a zone itself.
   */
  next(instant: number, zone: string): number | undefined;
  /** The last instant after `after` and not after `now`; undefined when there is none. */
  latest(after: number, now: number, zone: string): number | undefined;
}

interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly names: Readonly<Record<string, number>>;
}

/** The values of one field; `every` when it was written as a star without a step. */
interface Field {
  readonly values: ReadonlySet<number>;
  readonly every: boolean;
}

const names = (text: string, first: number): Record<string, number> =>
  Object.fromEntries(text.split(' ').map((name, position) => [name, position + first]));

const BOUNDS: readonly Bounds[] = [
  { low: 0, high: 59, names: {} },
  { low: 0, high: 23, names: {} },
  { low: 1, high: 31, names: {} },
  { low: 1, high: 12, names: names('jan feb mar apr may jun jul aug sep oct nov dec', 1) },
  { low: 0, high: 6, names: names('sun mon tue wed thu fri sat', 0) },
];

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** The longest text that is looked at; no schedule of use comes near it. */
const LONGEST = 1024;
const LARGEST = 9_223_372_036_854_775_807n;
const YEARS = 5;
const MINUTE = 60_000;

function numberIn(text: string): number {
  const refuse = (why: string) =>
    new ScheduleError(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: ${why}`);
  if (!/^[+-]?[0-9]+$/.test(text)) throw refuse('invalid syntax');
  const number = BigInt(text.replace('+', ''));
  if (number > LARGEST || number < -LARGEST - 1n) throw refuse('value out of range');
  if (number < 0n) throw new ScheduleError(`negative number (${number}) not allowed: ${text}`);
  return Number(number);
}

function numberOrName(text: string, { names: known }: Bounds): number {
  const name = text.toLowerCase();
  return Object.hasOwn(known, name) ? known[name]! : numberIn(text);
}

/** `*`, `3`, `1-5`, `0/15`, `10-40/5`: the values from, to and between. */
function readRange(text: string, bounds: Bounds): { from: number; to: number; step: number; every: boolean } {
  const steps = text.split('/');
  const ends = steps[0]!.split('-');
  let [from, to, step, every] = [bounds.low, bounds.high, 1, false];
  if (ends[0] === '*' || ends[0] === '?') every = true;
  else {
    from = numberOrName(ends[0]!, bounds);
    if (ends.length > 2) throw new ScheduleError(`too many hyphens: ${text}`);
    to = ends.length === 2 ? numberOrName(ends[1]!, bounds) : from;
  }
  if (steps.length > 2) throw new ScheduleError(`too many slashes: ${text}`);
  if (steps.length === 2) {
    step = numberIn(steps[1]!);
    if (ends.length === 1) to = bounds.high;
    if (step > 1) every = false;
  }
  return { from, to, step, every };
}

function readField(text: string, bounds: Bounds): Field {
  const values = new Set<number>();
  let every = false;
  for (const part of text.split(',').filter((piece) => piece !== '')) {
    const range = readRange(part, bounds);
    const { from, to, step } = range;
    const { low, high } = bounds;
    if (from < low) throw new ScheduleError(`beginning of range (${from}) below minimum (${low}): ${part}`);
    if (to > high) throw new ScheduleError(`end of range (${to}) above maximum (${high}): ${part}`);
    if (from > to) throw new ScheduleError(`beginning of range (${from}) beyond end of range (${to}): ${part}`);
    if (step === 0) throw new ScheduleError(`step of range should be a positive number: ${part}`);
    for (let value = from; value <= to; value += step) values.add(value);
    every ||= range.every;
  }
  return { values, every };
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: MINUTE,
  h: 60 * MINUTE,
};

/** A duration as Go writes it (`1h30m`), in milliseconds. */
function durationIn(text: string, descriptor: string): number {
  const refuse = (why: string) => new ScheduleError(`failed to parse duration ${descriptor}: ${why}`);
  const quoted = JSON.stringify(text);
  const unsigned = text.replace(/^[+-]/, '');
  if (unsigned === '0') return 0;
  if (unsigned === '') throw refuse(`time: invalid duration ${quoted}`);
  let total = 0;
  for (let rest = unsigned; rest !== ''; ) {
    const part = /^([0-9]*\.?[0-9]*)([^0-9.]*)/.exec(rest)!;
    if (!/[0-9]/.test(part[1]!)) throw refuse(`time: invalid duration ${quoted}`);
    if (part[2] === '') throw refuse(`time: missing unit in duration ${quoted}`);
    if (!Object.hasOwn(UNITS, part[2]!)) {
      throw refuse(`time: unknown unit ${JSON.stringify(part[2])} in duration ${quoted}`);
    }
    total += Number(part[1]) * UNITS[part[2]!]!;
    rest = rest.slice(part[0].length);
  }
  if (total > Number(LARGEST) / 1e6) throw refuse(`time: invalid duration ${quoted}`);
  return text.startsWith('-') ? -total : total;
}

/** Every so many whole seconds, at least one. */
function everySchedule(period: number): Schedule {
  const delay = Math.max(Math.floor(period / 1000), 1) * 1000;
  const next = (instant: number) => Math.floor(instant / 1000) * 1000 + delay;
  return {
    next,
    latest(after, now) {
      const first = next(after);
      return first > now ? undefined : first + Math.floor((now - first) / delay) * delay;
    },
  };
}

function fieldSchedule(fields: readonly Field[]): Schedule {
  const [minutes, hours, days, months, weekdays] = fields as [Field, Field, Field, Field, Field];
  const isDay = (day: number, weekday: number): boolean => {
    const [byDay, byWeekday] = [days.values.has(day), weekdays.values.has(weekday)];
    return days.every || weekdays.every ? byDay && byWeekday : byDay || byWeekday;
  };
  const schedule: Schedule = {
    next(after, zone) {
      let instant = (Math.floor(after / MINUTE) + 1) * MINUTE;
      const last = wallTime(instant, zone).year + YEARS;
      for (;;) {
        const { year, month, day, hour, minute, weekday } = wallTime(instant, zone);
        if (year > last) return undefined;
        if (!months.values.has(month)) instant = midnight(year, month + 1, 1, zone);
        else if (!isDay(day, weekday)) instant = midnight(year, month, day + 1, zone);
        else if (!hours.values.has(hour)) instant += (60 - minute) * MINUTE;
        else if (!minutes.values.has(minute)) instant += MINUTE;
        else return instant;
      }
    },
    latest(after, now, zone) {
      // What is next never comes earlier for a later instant, so that the last one is found by halving.
      const isDue = (instant: number) => (schedule.next(instant, zone) ?? Number.POSITIVE_INFINITY) <= now;
      let [low, high] = [Math.floor(after / MINUTE), Math.floor(now / MINUTE)];
      if (!isDue(after)) return undefined;
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (isDue(middle * MINUTE)) low = middle;
        else high = middle;
      }
      return schedule.next(Math.max(low * MINUTE, after), zone);
    },
  };
  return schedule;
}

/** A zone in front of the schedule, which newer CronJobs must name in a field of its own. */
function ownZone(text: string): { readonly zone: string; readonly rest: string } | undefined {
  if (!text.startsWith('TZ=') && !text.startsWith('CRON_TZ=')) return undefined;
  const space = text.indexOf(' ');
  const start = text.indexOf('=') + 1;
  if (space < 0) {
    throw new ScheduleError(`invalid schedule format: runtime error: slice bounds out of range [:${space}]`);
  }
  const zone = text.slice(start, space) || 'UTC';
  if (!isTimeZone(zone)) throw new ScheduleError(`provided bad location ${zone}: unknown time zone ${zone}`);
  return { zone, rest: text.slice(space).trim() };
}

function parseFields(text: string): Schedule {
  const fields = text.split(/\s+/u).filter((field) => field !== '');
  if (fields.length !== BOUNDS.length) {
    throw new ScheduleError(`expected exactly ${BOUNDS.length} fields, found ${fields.length}: [${fields.join(' ')}]`);
  }
  return fieldSchedule(fields.map((field, position) => readField(field, BOUNDS[position]!)));
}

/**
 * Reads a schedule.
 * @throws ScheduleError
 */
export function parseSchedule(text: string): Schedule {
  if (text === '') throw new ScheduleError('empty spec string');
  if (text.length > LONGEST) throw new ScheduleError(`expected exactly ${BOUNDS.length} fields, found more`);
  const own = ownZone(text);
  if (own !== undefined) {
    const schedule = parseSchedule(own.rest);
    return {
      next: (instant) => schedule.next(instant, own.zone),
      latest: (after, now) => schedule.latest(after, now, own.zone),
    };
  }
  if (!text.startsWith('@')) return parseFields(text);
  if (Object.hasOwn(DESCRIPTORS, text)) return parseFields(DESCRIPTORS[text]!);
  if (text.startsWith('@every ')) return everySchedule(durationIn(text.slice('@every '.length), text));
  throw new ScheduleError(`unrecognized descriptor: ${text}`);
}

import type { TimestampFormat } from './service-table.ts';

/** A moment as services hand it out: a Date, milliseconds since 1970, or RFC 3339 text. */
export type Moment = Date | number | string;

/** Milliseconds since 1970; NaN for what is no moment. */
export function millisecondsOf(moment: unknown): number {
  if (moment instanceof Date) return moment.getTime();
  if (typeof moment === 'number') return moment;
  return typeof moment === 'string' ? Date.parse(moment) : Number.NaN;
}

/** A moment as text. Whole seconds are written without a fraction unless `fraction` is set (EC2 always writes one). */
export function formatTimestamp(milliseconds: number, format: TimestampFormat, fraction = false): string {
  if (format === 'epoch-seconds') return String(milliseconds / 1000);
  const date = new Date(milliseconds);
  if (format === 'http-date') return date.toUTCString();
  const text = date.toISOString();
  return fraction || milliseconds % 1000 !== 0 ? text : `${text.slice(0, 19)}Z`;
}

/** The moment that a client's text or number says; undefined when it says none. */
export function parseTimestamp(value: string | number): Date | undefined {
  if (typeof value === 'number') return dateOrNothing(value * 1000);
  if (/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(value))
    return dateOrNothing(Date.parse(value));
  if (/^-?\d+(\.\d+)?$/.test(value)) return dateOrNothing(Number(value) * 1000);
  return /^[A-Z][a-z]{2}, /.test(value) ? dateOrNothing(Date.parse(value)) : undefined;
}

function dateOrNothing(milliseconds: number): Date | undefined {
  return Math.abs(milliseconds) <= 8.64e15 ? new Date(milliseconds) : undefined;
}

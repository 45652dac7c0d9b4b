import type { Clock } from './clock.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

/** One line of the log. */
export interface LogEntry {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** Where a component says what it did. Fields are facts to search by; the message is a sentence that never varies. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with `fields` on every line. */
  with(fields: LogFields): Log;
}

const order: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A log that hands every entry of at least `threshold` to `sink`. */
export function createLog(clock: Clock, sink: (entry: LogEntry) => void, threshold: LogLevel = 'info'): Log {
  const make = (bound: LogFields): Log => {
    const write = (level: LogLevel) => (message: string, fields?: LogFields) => {
      if (order[level] < order[threshold]) return;
      sink({ time: clock.now(), level, message, fields: fields ? { ...bound, ...fields } : bound });
    };
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      with: (fields) => make({ ...bound, ...fields }),
    };
  };
  return make({});
}

/** An entry as one line of JSON without the newline; an Error among the fields is shown by its stack. */
export function formatLogEntry(entry: LogEntry): string {
  const { time, level, message, fields } = entry;
  const plain = Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      value instanceof Error ? (value.stack ?? value.message) : value,
    ]),
  );
  return JSON.stringify({ time: new Date(time).toISOString(), level, message, ...plain });
}

/** Says nothing. */
export const silentLog: Log = createLog(
  { now: () => 0, monotonic: () => 0, setTimer: () => ({ cancel() {} }) },
  () => {},
);

import { createLog, formatLogEntry, type Log, SystemClock } from '@keelson/base';

/** A background process' log: one line of JSON each to its standard output, which its parent has led to a file. */
export function processLog(level: 'debug' | 'info' = process.env['KEELSON_DEBUG'] ? 'debug' : 'info'): Log {
  return createLog(new SystemClock(), (entry) => process.stdout.write(`${formatLogEntry(entry)}\n`), level);
}

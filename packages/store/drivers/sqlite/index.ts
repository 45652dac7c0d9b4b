/**
 * The embedded default: a SQLite file, written by a worker thread. Every acknowledged write survives kill -9 and power
 * loss; the thread that calls it never waits for the disk. One process has it open at a time.
 */
export { openSqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';

import { chmodSync, closeSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '@keelson/base';
import { StoreError } from '../../store.ts';

/** The number that says "this SQLite file is a Keelson store": "Keel" in ASCII. */
const applicationId = 0x4b65656c;
/** The format that this program reads and writes; kept in the file as its user_version. */
export const formatVersion = 1;
/** Rows of 2 KB fill pages of 4 KB badly. */
export const pageSize = 8192;

/**
 * `change` is the log: a row for each key that a revision wrote, its id being revision × 256 + the number of the
 * change in the revision; version 0 is a deletion. `head` names for each key that exists the change that wrote it.
 * `state` holds the revision, the compacted revision, and the one up to which what is compacted has been removed.
 */
const schema = `
  CREATE TABLE change (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    create_revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    value BLOB NOT NULL
  );
  CREATE INDEX change_of_key ON change (key, id);
  CREATE TABLE head (
    key TEXT PRIMARY KEY,
    id INTEGER NOT NULL,
    create_revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    deadline INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX head_by_deadline ON head (deadline) WHERE deadline IS NOT NULL;
  CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO state VALUES ('revision', 1), ('compacted', 0), ('cleaned', 0);
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${formatVersion};
`;

/** The open file of a store. */
export interface DatabaseFile {
  readonly database: DatabaseSync;
  close(): void;
}

/**
 * Opens the store's file at `path`, making it when there is none: readable by its owner only, and by one process at a
 * time, for which the file beside it whose name ends in `.lock` stands.
 * @throws StoreError corrupt (no store, or of a newer format), unavailable; and SQLite's own errors
 */
export function openDatabaseFile(path: string): DatabaseFile {
  createPrivately(path);
  createPrivately(`${path}.lock`);
  const lock = takeLock(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 5000 });
    prepare(database, path);
    syncDirectory(path);
  } catch (error) {
    database?.close();
    lock.close();
    throw error;
  }
  const opened = database;
  return {
    database: opened,
    close() {
      opened.close();
      lock.close();
    },
  };
}

/**
 * Makes an empty file with mode 0600; SQLite gives the same mode to the files it puts beside it. A file that is there
 * is not opened: closing it again would drop the locks that this process holds on it.
 */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      const reason = `its directory must exist and be writable (${messageOf(error)})`;
      const code = (error as NodeJS.ErrnoException).code === 'ENOSPC' ? 'noSpace' : 'unavailable';
      throw new StoreError(code, `cannot make the store's file ${path}: ${reason}`, { cause: error });
    }
    try {
      chmodSync(path, 0o600);
    } catch (failed) {
      throw new StoreError('unavailable', `cannot make ${path} private to its owner (${messageOf(failed)})`);
    }
  }
}

function takeLock(path: string): DatabaseSync {
  const lock = new DatabaseSync(`${path}.lock`, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (((error as { errcode?: number }).errcode ?? 0) % 256 !== 5) throw error;
    throw new StoreError('unavailable', `the store at ${path} is in use: another process, or this one, has it open`);
  }
}

function prepare(database: DatabaseSync, path: string): void {
  const number = (pragma: string) => Object.values(database.prepare(`PRAGMA ${pragma}`).get()!)[0] as number;
  const application = number('application_id');
  const version = number('user_version');
  const tables = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()!['tables'] as number;
  const isNew = application === 0 && version === 0 && tables === 0;
  if (!isNew && application !== applicationId)
    throw new StoreError('corrupt', `${path} is an SQLite file, but not a store of Keelson: choose another path`);
  if (version > formatVersion)
    throw new StoreError(
      'corrupt',
      `the store at ${path} has format ${version}, and this program knows formats up to ${formatVersion}: ` +
        'use the version of Keelson that wrote it, or a newer one',
    );
  if (isNew) database.exec(`PRAGMA page_size = ${pageSize}; PRAGMA auto_vacuum = INCREMENTAL`);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -16384;
    PRAGMA temp_store = MEMORY;
  `);
  if (isNew) database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`);
}

/** A new file survives power loss once its directory is on disk. */
function syncDirectory(path: string): void {
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

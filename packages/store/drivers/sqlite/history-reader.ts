import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { deleteChange, putChange } from '../../changes-of.ts';
import type { Change, Entry, RangeRequest, RangeResult } from '../../store.ts';
import type { Deadlines, History, HistoryRequest } from './messages.ts';
import { idsPerRevision } from './transaction-writer.ts';

/** One answer about history looks at so many revisions and holds about so many bytes, so that writes wait little. */
const revisionsAtOnce = 2000;
const bytesAtOnce = 1_000_000;
const deadlinesAtOnce = 100;

interface Row {
  readonly id: number;
  readonly key: string;
  readonly createRevision: number;
  readonly version: number;
  readonly value: Uint8Array;
}

const columns = 'c.id AS id, c.key AS key, c.create_revision AS createRevision, c.version AS version, c.value AS value';
/** For each key of a range, the last change below an id; SQLite takes the other columns from the row with the maximum. */
const lastChanges = 'SELECT key, max(id) AS id FROM change WHERE key >= ?1 AND key < ?2 AND id < ?3 GROUP BY key';

/** Answers reads from the store's file. Revisions are checked by the caller. */
export class HistoryReader {
  readonly #statements: Record<
    'get' | 'latest' | 'countLatest' | 'old' | 'countOld' | 'log' | 'due' | 'nextDeadline',
    StatementSync
  >;

  constructor(database: DatabaseSync) {
    this.#statements = {
      get: database.prepare(
        `SELECT ${columns} FROM change AS c WHERE c.key = ? AND c.id < ? ORDER BY c.id DESC LIMIT 1`,
      ),
      latest: database.prepare(
        `SELECT ${columns} FROM head AS h CROSS JOIN change AS c ON c.id = h.id
         WHERE h.key >= ? AND h.key < ? ORDER BY h.key LIMIT ?`,
      ),
      countLatest: database.prepare('SELECT count(*) AS count FROM head WHERE key >= ? AND key < ?'),
      old: database.prepare(
        `SELECT ${columns} FROM (${lastChanges}) AS l CROSS JOIN change AS c ON c.id = l.id
         WHERE c.version > 0 ORDER BY l.key LIMIT ?4`,
      ),
      countOld: database.prepare(
        `SELECT count(*) AS count FROM (${lastChanges}) AS l CROSS JOIN change AS c ON c.id = l.id WHERE c.version > 0`,
      ),
      log: database.prepare(
        `SELECT ${columns} FROM change AS c NOT INDEXED
         WHERE c.id >= ? AND c.id < ? AND c.key >= ? AND c.key < ? ORDER BY c.id`,
      ),
      due: database.prepare('SELECT key, id FROM head WHERE deadline <= ? ORDER BY deadline LIMIT ?'),
      nextDeadline: database.prepare('SELECT min(deadline) AS next FROM head WHERE deadline > ?'),
    };
  }

  get(key: string, revision: number): Entry | undefined {
    const row = this.#statements.get.get(key, (revision + 1) * idsPerRevision) as Row | undefined;
    return row === undefined || row.version === 0 ? undefined : entryOf(row);
  }

  /** `latest` is the store's revision. */
  range(request: RangeRequest, latest: number): RangeResult {
    const { start, end, limit = 0, countOnly = false } = request;
    const revision = request.revision || latest;
    const current = revision === latest;
    const below = (revision + 1) * idsPerRevision;
    const counted = current
      ? this.#statements.countLatest.get(start, end)
      : this.#statements.countOld.get(start, end, below);
    const count = counted!['count'] as number;
    if (countOnly || count === 0) return { entries: [], revision, count, more: false };
    const most = limit > 0 ? limit : -1;
    const rows = current
      ? this.#statements.latest.all(start, end, most)
      : this.#statements.old.all(start, end, below, most);
    const entries = (rows as unknown as Row[]).map(entryOf);
    return { entries, revision, count, more: entries.length < count };
  }

  /** What happened in a range from a revision on: as much of it as fits one answer, in whole revisions. */
  history({ start, end, from }: HistoryRequest, latest: number): History {
    const last = Math.min(latest, from + revisionsAtOnce - 1);
    const revisions: { revision: number; changes: Change[] }[] = [];
    let bytes = 0;
    const rows = this.#statements.log.iterate(from * idsPerRevision, (last + 1) * idsPerRevision, start, end);
    for (const row of rows as unknown as Iterable<Row>) {
      const revision = Math.floor(row.id / idsPerRevision);
      let current = revisions.at(-1);
      if (current?.revision !== revision) {
        if (bytes > bytesAtOnce) return { revisions, reached: revision - 1 };
        current = { revision, changes: [] };
        revisions.push(current);
      }
      const change = this.#change(row, revision);
      bytes += row.value.byteLength + (change.previous?.value.byteLength ?? 0);
      current.changes.push(change);
    }
    return { revisions, reached: last };
  }

  deadlines(now: number): Deadlines {
    const rows = this.#statements.due.all(now, deadlinesAtOnce) as unknown as { key: string; id: number }[];
    const due = rows.map(({ key, id }) => ({ key, modRevision: Math.floor(id / idsPerRevision) }));
    const next = this.#statements.nextDeadline.get(now)!['next'] as number | null;
    return { due, next: next ?? undefined };
  }

  #change(row: Row, revision: number): Change {
    const previous = this.get(row.key, revision - 1);
    return row.version === 0 ? deleteChange(row.key, previous, revision) : putChange(entryOf(row), previous);
  }
}

function entryOf({ id, key, createRevision, version, value }: Row): Entry {
  return { key, value, createRevision, modRevision: Math.floor(id / idsPerRevision), version };
}

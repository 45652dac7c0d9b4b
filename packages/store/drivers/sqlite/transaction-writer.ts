import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Entry, TransactionResult } from '../../store.ts';
import { pageSize } from './database-file.ts';
import type { Outcome, WireOperation, WireTransaction } from './messages.ts';
import { failureOf, isNoSpace } from './sqlite-failure.ts';

/** Ids of changes in one revision; above the limit of operations, so that a revision's ids never meet the next's. */
export const idsPerRevision = 256;
/** Pages beyond the limit that deletions and compaction may use: they are what makes room again. */
const reservePages = 512;
const nothing = new Uint8Array(0);

interface Head {
  readonly id: number;
  readonly createRevision: number;
  readonly version: number;
}

/** Applies transactions in the order given, all that wait as one SQLite transaction: one sync for all of them. */
export class TransactionWriter {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #maximumPages: number;
  readonly #statements: Record<'head' | 'value' | 'insert' | 'setHead' | 'removeHead' | 'setRevision', StatementSync>;
  #revision: number;

  constructor(database: DatabaseSync, path: string, maximumBytes: number, revision: number) {
    this.#database = database;
    this.#path = path;
    this.#maximumPages = Math.max(16, Math.ceil(maximumBytes / pageSize));
    this.#revision = revision;
    this.#statements = {
      head: database.prepare('SELECT id, create_revision AS createRevision, version FROM head WHERE key = ?'),
      value: database.prepare('SELECT value FROM change WHERE id = ?'),
      insert: database.prepare('INSERT INTO change (id, key, create_revision, version, value) VALUES (?, ?, ?, ?, ?)'),
      setHead: database.prepare(
        'INSERT INTO head (key, id, create_revision, version, deadline) VALUES (?1, ?2, ?3, ?4, ?5) ' +
          'ON CONFLICT (key) DO UPDATE SET id = ?2, create_revision = ?3, version = ?4, deadline = ?5',
      ),
      removeHead: database.prepare('DELETE FROM head WHERE key = ?'),
      setRevision: database.prepare("UPDATE state SET value = ? WHERE name = 'revision'"),
    };
    this.limit(false);
  }

  get revision(): number {
    return this.#revision;
  }

  /** The outcome of each transaction. A failure of one that is not the database's does not touch the others. */
  commit(transactions: readonly WireTransaction[]): Outcome[] {
    if (transactions.length === 0) return [];
    try {
      return this.inTransaction(() => this.#applyAll(transactions));
    } catch (error) {
      if (!isNoSpace(error, this.#path)) return transactions.map(() => ({ failure: failureOf(error, this.#path) }));
    }
    // There was no room for all of them. The write-ahead log may give some back, and some may need none.
    this.shrinkLog();
    return transactions.map((transaction) => this.#commitAlone(transaction));
  }

  /** Runs `work` as one SQLite transaction. When it throws, nothing of it has happened, the revision included. */
  inTransaction<T>(work: () => T): T {
    const before = this.#revision;
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      this.#revision = before;
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Sets how large the file may get: `withReserve` for what makes room. */
  limit(withReserve: boolean): void {
    this.#database.exec(`PRAGMA max_page_count = ${this.#maximumPages + (withReserve ? reservePages : 0)}`);
  }

  /** Moves the write-ahead log into the file, as far as there is room for it. */
  shrinkLog(): void {
    try {
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch (error) {
      if (failureOf(error, this.#path).fatal) throw error;
    }
  }

  #commitAlone(transaction: WireTransaction): Outcome {
    const onlyRemoves = [...transaction.success, ...transaction.failure].every(({ type }) => type !== 'put');
    try {
      if (onlyRemoves) this.limit(true);
      return this.inTransaction(() => this.#applyAll([transaction]))[0]!;
    } catch (error) {
      return { failure: failureOf(error, this.#path) };
    } finally {
      if (onlyRemoves) this.limit(false);
    }
  }

  #applyAll(transactions: readonly WireTransaction[]): Outcome[] {
    const before = this.#revision;
    const outcomes = transactions.map((transaction) => ({ value: this.#apply(transaction) }));
    if (this.#revision !== before) this.#statements.setRevision.run(this.#revision);
    return outcomes;
  }

  #apply({ compare, success, failure }: WireTransaction): TransactionResult {
    const succeeded = compare.every(({ key, modRevision }) => revisionOf(this.#head(key)) === modRevision);
    const next = this.#revision + 1;
    let written = 0;
    const results = (succeeded ? success : failure).map((operation) => {
      const head = this.#head(operation.key);
      if (this.#write(operation, head, next, written)) written++;
      return head === undefined ? undefined : this.#entry(operation.key, head);
    });
    if (written > 0) this.#revision = next;
    return { succeeded, revision: this.#revision, results };
  }

  /** Returns whether it wrote. */
  #write(operation: WireOperation, head: Head | undefined, revision: number, number: number): boolean {
    const { key } = operation;
    const id = revision * idsPerRevision + number;
    if (operation.type === 'put') {
      const created = head?.createRevision ?? revision;
      const version = (head?.version ?? 0) + 1;
      this.#statements.insert.run(id, key, created, version, operation.value);
      this.#statements.setHead.run(key, id, created, version, operation.deadline);
      return true;
    }
    if (operation.type === 'get' || head === undefined) return false;
    this.#statements.insert.run(id, key, 0, 0, nothing);
    this.#statements.removeHead.run(key);
    return true;
  }

  #head(key: string): Head | undefined {
    return this.#statements.head.get(key) as Head | undefined;
  }

  #entry(key: string, head: Head): Entry {
    const { value } = this.#statements.value.get(head.id) as { value: Uint8Array };
    return { key, value, createRevision: head.createRevision, modRevision: revisionOf(head), version: head.version };
  }
}

function revisionOf(head: Head | undefined): number {
  return head === undefined ? 0 : Math.floor(head.id / idsPerRevision);
}

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { futureRevision } from '../../transaction-check.ts';
import { idsPerRevision, type TransactionWriter } from './transaction-writer.ts';

/** One step looks at so many changes, or gives back so many pages, so that writes wait little. */
const changesAtOnce = 500;
const pagesAtOnce = 500;
/** So many free pages stay in the file, beside an eighth of all, for what is written next. */
const sparePages = 64;

/**
 * Compaction: first the revision is recorded, which makes older reads fail; then, in small steps between other work,
 * what was superseded is removed and the file made smaller. A step that a crash cuts short is taken again.
 */
export class Compactor {
  readonly #database: DatabaseSync;
  readonly #writer: TransactionWriter;
  readonly #statements: Record<'set' | 'changes' | 'superseded' | 'deletion', StatementSync>;
  #compacted: number;
  #cleaned: number;

  constructor(database: DatabaseSync, writer: TransactionWriter) {
    this.#database = database;
    this.#writer = writer;
    const state = database.prepare('SELECT value FROM state WHERE name = ?');
    this.#compacted = state.get('compacted')!['value'] as number;
    this.#cleaned = state.get('cleaned')!['value'] as number;
    this.#statements = {
      set: database.prepare('UPDATE state SET value = ? WHERE name = ?'),
      changes: database.prepare('SELECT id, key, version FROM change WHERE id >= ? AND id < ? ORDER BY id LIMIT ?'),
      superseded: database.prepare('DELETE FROM change WHERE key = ? AND id < ?'),
      deletion: database.prepare('DELETE FROM change WHERE id = ?'),
    };
  }

  get compacted(): number {
    return this.#compacted;
  }

  get clean(): boolean {
    return this.#cleaned >= this.#compacted;
  }

  /** Returns the compacted revision after it. @throws StoreError futureRevision */
  compact(revision: number): number {
    if (revision > this.#writer.revision) throw futureRevision(revision, this.#writer.revision);
    if (revision > this.#compacted) {
      this.#withReserve(() => this.#statements.set.run(revision, 'compacted'));
      this.#compacted = revision;
    }
    return this.#compacted;
  }

  /** Takes one step; returns whether nothing is left to do. */
  step(): boolean {
    if (!this.clean) {
      this.#removeSuperseded();
      return false;
    }
    const { free, pages } = this.#pages();
    const surplus = free - sparePages - Math.floor(pages / 8);
    if (surplus > 0) this.#database.exec(`PRAGMA incremental_vacuum(${Math.min(surplus, pagesAtOnce)})`);
    if (surplus > pagesAtOnce) return false;
    this.#writer.shrinkLog();
    return true;
  }

  #removeSuperseded(): void {
    const from = (this.#cleaned + 1) * idsPerRevision;
    const below = (this.#compacted + 1) * idsPerRevision;
    const rows = this.#statements.changes.all(from, below, changesAtOnce) as {
      id: number;
      key: string;
      version: number;
    }[];
    const complete = rows.length < changesAtOnce;
    // The last revision may go on beyond the rows read: it is looked at again, which does no harm.
    const cleaned = complete ? this.#compacted : Math.floor(rows.at(-1)!.id / idsPerRevision) - 1;
    this.#withReserve(() => {
      for (const { id, key, version } of rows) {
        this.#statements.superseded.run(key, id);
        if (version === 0) this.#statements.deletion.run(id);
      }
      this.#statements.set.run(cleaned, 'cleaned');
    });
    this.#cleaned = cleaned;
  }

  /** Compaction makes room, so it may use the reserve. */
  #withReserve(work: () => void): void {
    this.#writer.limit(true);
    try {
      this.#writer.inTransaction(work);
    } finally {
      this.#writer.limit(false);
    }
  }

  #pages(): { readonly free: number; readonly pages: number } {
    const number = (pragma: string) => Object.values(this.#database.prepare(`PRAGMA ${pragma}`).get()!)[0] as number;
    return { free: number('freelist_count'), pages: number('page_count') };
  }
}

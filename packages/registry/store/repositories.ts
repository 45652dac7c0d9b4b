import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from '@keelson/base';
import { syncFolder } from './blob-files.ts';
import {
  decodeRepository,
  emptyRepository,
  encodeRepository,
  isEmptyRepository,
  type RepositoryRecord,
} from './repository-record.ts';

/** The record in a file; undefined when the file is not there, or no longer. */
async function readRecord(path: string): Promise<RepositoryRecord | undefined> {
  try {
    return decodeRepository(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The repositories' records, a file for each. An update replaces the file whole, so a crash leaves the old record or
 * the new one. Records are read from the disk each time: another process (`keelson image load`) may have written.
 */
export class Repositories {
  readonly #directory: string;
  readonly #world: World;
  /** The last update of each repository that is being updated; the next one waits for it. */
  readonly #queues = new Map<string, Promise<unknown>>();

  private constructor(directory: string, world: World) {
    this.#directory = directory;
    this.#world = world;
  }

  static async open(directory: string, world: World): Promise<Repositories> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return new Repositories(directory, world);
  }

  #path(name: string): string {
    return join(this.#directory, `${createHash('sha256').update(name).digest('hex')}.json`);
  }

  /** The repository's record; an empty one where there is none. */
  async read(name: string): Promise<RepositoryRecord> {
    return (await readRecord(this.#path(name))) ?? emptyRepository(name);
  }

  /**
   * Every record, by name.
   * @throws Error when one cannot be read: without it, what it holds would look like garbage
   */
  async all(): Promise<RepositoryRecord[]> {
    const records: RepositoryRecord[] = [];
    for (const file of await readdir(this.#directory)) {
      if (!file.endsWith('.json')) continue;
      const record = await readRecord(join(this.#directory, file));
      if (record) records.push(record);
    }
    return records.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Replaces the record by what `change` makes of it, one update of a repository after the other; it is on the disk
   * when this resolves. `change` may return the same record to leave it, and may throw.
   */
  update(name: string, change: (record: RepositoryRecord) => RepositoryRecord): Promise<RepositoryRecord> {
    const before = this.#queues.get(name) ?? Promise.resolve();
    const result = before.then(async () => {
      const current = await this.read(name);
      const next = change(current);
      if (next !== current) await this.#write(next);
      return next;
    });
    const settled = result.catch(() => {});
    this.#queues.set(name, settled);
    settled.then(() => {
      if (this.#queues.get(name) === settled) this.#queues.delete(name);
    });
    return result;
  }

  async #write(record: RepositoryRecord): Promise<void> {
    const path = this.#path(record.name);
    if (isEmptyRepository(record)) {
      await rm(path, { force: true });
      return;
    }
    const staged = `${path}.${Buffer.from(this.#world.random.bytes(6)).toString('hex')}`;
    const handle = await open(staged, 'wx', 0o600);
    try {
      await handle.writeFile(encodeRepository(record));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(staged, path);
    await syncFolder(this.#directory);
  }
}

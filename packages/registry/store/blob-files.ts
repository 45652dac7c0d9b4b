import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from '@keelson/base';
import { RegistryError } from '../errors/registry-error.ts';
import { algorithmOf, hexOf, isDigest } from '../names/digest.ts';
import { BlobWriter } from './blob-writer.ts';

const stagingLifetime = 24 * 3600_000;

export interface BlobEntry {
  readonly digest: string;
  readonly size: number;
  /** Milliseconds since 1970 at which the content was written or last linked. */
  readonly touchedAt: number;
}

/** Makes `path`'s entry in its folder survive a power failure. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The size of the file, or undefined where there is none. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Contents in files named after their digests. A file appears under its name only whole, verified and on the disk, so
 * whatever is there can be served after a crash at any moment. Files are their owner's alone (0600 in 0700).
 */
export class BlobFiles {
  readonly #directory: string;
  readonly #world: World;
  readonly #quota: number;
  #used = 0;
  /** Asked to free at least so many bytes when the quota is reached; set by the store that knows what is unused. */
  makeRoom: (bytes: number) => Promise<void> = async () => {};

  private constructor(directory: string, world: World, quota: number) {
    this.#directory = directory;
    this.#world = world;
    this.#quota = quota;
  }

  /** Opens (or makes) the folder; `quota` bounds the bytes in it. Staging files left by a crash a day ago are removed. */
  static async open(directory: string, world: World, quota: number): Promise<BlobFiles> {
    const files = new BlobFiles(directory, world, quota);
    for (const name of ['', 'blobs', 'blobs/sha256', 'blobs/sha512', 'staging']) {
      await mkdir(join(directory, name), { recursive: true, mode: 0o700 });
    }
    for (const name of await readdir(join(directory, 'staging'))) {
      const path = join(directory, 'staging', name);
      const { mtimeMs } = await stat(path);
      if (mtimeMs < world.clock.now() - stagingLifetime) await rm(path, { force: true });
    }
    await files.measure();
    return files;
  }

  /** Bytes in contents and in files being written. */
  get used(): number {
    return this.#used;
  }

  get quota(): number {
    return this.#quota;
  }

  path(digest: string): string {
    const hex = hexOf(digest);
    return join(this.#directory, 'blobs', algorithmOf(digest), hex.slice(0, 2), hex);
  }

  /** The content's size in bytes, or undefined where it is not here. */
  size(digest: string): Promise<number | undefined> {
    return sizeOf(this.path(digest));
  }

  /** The bytes from `start` up to and including `end`. The file is opened when the first piece is asked for. */
  async *read(digest: string, range?: { readonly start: number; readonly end: number }): AsyncGenerator<Uint8Array> {
    if (range && range.end < range.start) return;
    yield* createReadStream(this.path(digest), { highWaterMark: 1024 * 1024, ...range });
  }

  /** The whole content, at most `limit` bytes of it. @throws RegistryError BLOB_UNKNOWN, SIZE_INVALID when larger */
  async readWhole(digest: string, limit: number): Promise<Uint8Array> {
    const size = await this.size(digest);
    if (size === undefined) throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
    if (size > limit) throw new RegistryError('SIZE_INVALID', { detail: { digest, size, limit } });
    const pieces: Uint8Array[] = [];
    for await (const piece of this.read(digest)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** Starts a content whose digest is not known yet. */
  async create(): Promise<BlobWriter> {
    const id = Buffer.from(this.#world.random.bytes(16)).toString('hex');
    const path = join(this.#directory, 'staging', id);
    const handle = await open(path, 'wx+', 0o600);
    return new BlobWriter(path, handle, {
      reserve: (bytes) => this.#reserve(bytes),
      release: (bytes) => {
        this.#used -= bytes;
      },
      place: (digest, size) => this.#place(path, digest, size),
    });
  }

  /** Writes `bytes` as one content and returns its digest. @throws RegistryError DIGEST_INVALID, DENIED (quota) */
  async add(bytes: Uint8Array, expected?: string): Promise<string> {
    const writer = await this.create();
    try {
      await writer.write(bytes);
      return await writer.finish(expected);
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  /** Marks a content as just used, so that the collector leaves it alone until it is linked. */
  async touch(digest: string): Promise<void> {
    const now = this.#world.clock.now() / 1000;
    await utimes(this.path(digest), now, now).catch(() => {});
  }

  async remove(digest: string): Promise<void> {
    const size = await this.size(digest);
    if (size === undefined) return;
    await rm(this.path(digest), { force: true });
    this.#used -= size;
  }

  /** Every content that is here. */
  async *list(): AsyncGenerator<BlobEntry> {
    for (const algorithm of ['sha256', 'sha512']) {
      const root = join(this.#directory, 'blobs', algorithm);
      for (const folder of await readdir(root)) {
        for (const hex of await readdir(join(root, folder))) {
          const digest = `${algorithm}:${hex}`;
          if (!isDigest(digest)) continue;
          const found = await stat(join(root, folder, hex)).catch(() => undefined);
          if (found) yield { digest, size: found.size, touchedAt: found.mtimeMs };
        }
      }
    }
  }

  /** Counts the bytes that are used again from the disk. */
  async measure(): Promise<void> {
    let used = 0;
    for await (const { size } of this.list()) used += size;
    for (const name of await readdir(join(this.#directory, 'staging'))) {
      used += (await sizeOf(join(this.#directory, 'staging', name))) ?? 0;
    }
    this.#used = used;
  }

  async #reserve(bytes: number): Promise<void> {
    this.#used += bytes;
    // Twice, for the first call may have joined one that was clearing for somebody else.
    for (let attempt = 0; attempt < 2 && this.#used > this.#quota; attempt++) {
      await this.makeRoom(this.#used - this.#quota);
    }
    if (this.#used <= this.#quota) return;
    this.#used -= bytes;
    throw new RegistryError('DENIED', {
      message: 'the image storage quota is exceeded',
      detail: { limit: 'storageQuotaBytes', storageQuotaBytes: this.#quota },
    });
  }

  async #place(staged: string, digest: string, size: number): Promise<void> {
    if ((await this.size(digest)) !== undefined) {
      await this.touch(digest);
      await rm(staged, { force: true });
      this.#used -= size;
      return;
    }
    const target = this.path(digest);
    const folder = join(target, '..');
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (made !== undefined) await syncFolder(join(folder, '..'));
    await rename(staged, target);
    await this.touch(digest);
    await syncFolder(folder);
  }
}

import { createReadStream } from 'node:fs';
import { type FileHandle, rm } from 'node:fs/promises';
import { RegistryError } from '../errors/registry-error.ts';
import { algorithmOf, startHash } from '../names/digest.ts';

/** What a writer needs of the folder that it writes for. */
export interface BlobWriterOwner {
  /** Takes room for so many more bytes, or throws. */
  reserve(bytes: number): Promise<void>;
  release(bytes: number): void;
  /** Moves the finished file to its name. */
  place(digest: string, size: number): Promise<void>;
}

/** One content being written: pieces in turn, then `finish` or `abort`, and nothing after these. */
export class BlobWriter {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #owner: BlobWriterOwner;
  readonly #hash = startHash('sha256');
  #size = 0;
  #state: 'open' | 'placed' | 'ended' = 'open';

  constructor(path: string, handle: FileHandle, owner: BlobWriterOwner) {
    this.path = path;
    this.#handle = handle;
    this.#owner = owner;
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size;
  }

  /** Appends `bytes`. @throws RegistryError DENIED when the quota is reached; the writer must then be aborted */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#state !== 'open') throw new RegistryError('BLOB_UPLOAD_INVALID');
    if (bytes.length === 0) return;
    await this.#owner.reserve(bytes.length);
    this.#hash.update(bytes);
    const position = this.#size;
    this.#size += bytes.length;
    for (let written = 0; written < bytes.length; ) {
      const result = await this.#handle.write(bytes, written, bytes.length - written, position + written);
      written += result.bytesWritten;
    }
  }

  /**
   * Verifies the content, puts it on the disk under its digest and returns that. With `expected` of sha512 the content
   * is kept under that one. @throws RegistryError DIGEST_INVALID when it is not what was expected; abort it then
   */
  async finish(expected?: string): Promise<string> {
    if (this.#state !== 'open') throw new RegistryError('BLOB_UPLOAD_INVALID');
    const digest =
      expected !== undefined && algorithmOf(expected) === 'sha512'
        ? await this.#rehash()
        : `sha256:${this.#hash.digest('hex')}`;
    if (expected !== undefined && digest !== expected) {
      throw new RegistryError('DIGEST_INVALID', { detail: { expected, received: digest } });
    }
    await this.#handle.sync();
    this.#state = 'placed';
    await this.#handle.close();
    await this.#owner.place(digest, this.#size);
    this.#state = 'ended';
    return digest;
  }

  /** Forgets what was written. Does nothing after `finish` or an earlier `abort`. */
  async abort(): Promise<void> {
    if (this.#state === 'ended') return;
    if (this.#state === 'open') await this.#handle.close().catch(() => {});
    this.#state = 'ended';
    await rm(this.path, { force: true });
    this.#owner.release(this.#size);
  }

  async #rehash(): Promise<string> {
    const hash = startHash('sha512');
    for await (const piece of createReadStream(this.path)) hash.update(piece);
    return `sha512:${hash.digest('hex')}`;
  }
}

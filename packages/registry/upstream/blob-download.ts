import { open } from 'node:fs/promises';
import { RegistryError } from '../errors/registry-error.ts';
import type { ByteRange } from '../server/byte-range.ts';
import type { BlobWriter } from '../store/blob-writer.ts';
import type { UpstreamResponse } from './transport.ts';

const pieceLimit = 256 * 1024;

/**
 * One blob on its way into the store, read by any number of clients while it comes. The last bytes are held back until
 * the digest is verified, so that no reader ever gets a whole blob that is wrong.
 */
export class BlobDownload {
  /** In bytes, as the upstream announced it. */
  readonly size: number | undefined;
  /** Resolves when the blob is in the store; rejects when it did not come. */
  readonly done: Promise<void>;
  readonly #writer: BlobWriter;
  #state: 'coming' | 'done' | 'failed' = 'coming';
  #error: unknown;
  #waiting: (() => void)[] = [];

  constructor(response: UpstreamResponse, writer: BlobWriter, digest: string) {
    const announced = response.headers['content-length'];
    this.size = announced !== undefined && /^\d{1,15}$/.test(announced) ? Number(announced) : undefined;
    this.#writer = writer;
    this.done = this.#run(response, digest);
    this.done.catch(() => {});
  }

  async #run(response: UpstreamResponse, digest: string): Promise<void> {
    try {
      for await (const piece of response.body) {
        await this.#writer.write(piece);
        if (this.size !== undefined && this.#writer.size > this.size)
          throw new RegistryError('SIZE_INVALID', { status: 502 });
        this.#wake();
      }
      await this.#writer.finish(digest);
      this.#state = 'done';
    } catch (error) {
      await this.#writer.abort();
      this.#error = error;
      this.#state = 'failed';
      throw error;
    } finally {
      this.#wake();
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  /** Bytes that may be shown now. */
  #available(): number {
    const { size } = this.#writer;
    return this.#state === 'done' ? size : Math.max(0, size - 1);
  }

  /** The file that the blob is being written to, opened before it can be moved or removed. */
  async open(): Promise<(range?: ByteRange) => AsyncGenerator<Uint8Array>> {
    const { path } = this.#writer;
    const handle = await open(path, 'r');
    const follow = this.#follow.bind(this);
    return async function* (range) {
      try {
        yield* follow(handle, range);
      } finally {
        await handle.close();
      }
    };
  }

  async *#follow(handle: Awaited<ReturnType<typeof open>>, range?: ByteRange): AsyncGenerator<Uint8Array> {
    let position = range?.start ?? 0;
    const end = range ? range.end + 1 : Number.POSITIVE_INFINITY;
    while (position < end) {
      if (this.#state === 'failed') throw this.#error;
      const available = Math.min(this.#available(), end);
      if (position >= available) {
        if (this.#state === 'done') return;
        await new Promise<void>((resume) => this.#waiting.push(resume));
        continue;
      }
      const buffer = Buffer.allocUnsafe(Math.min(pieceLimit, available - position));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) throw new Error('the blob ended early');
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
}

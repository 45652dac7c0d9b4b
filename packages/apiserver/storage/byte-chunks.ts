import { splicePoint } from '@keelson/model';

const chunkSize = 64 << 10;

/** Gathers many small pieces into few larger ones, copying each byte once. */
export class ByteChunks {
  readonly #done: Uint8Array[] = [];
  #chunk: Buffer;
  #used = 0;
  #total = 0;

  /** `first` is the size of the first piece, in bytes. */
  constructor(first = 4096) {
    this.#chunk = Buffer.allocUnsafe(first);
  }

  get length(): number {
    return this.#total;
  }

  text(text: string): void {
    this.bytes(Buffer.from(text));
  }

  bytes(piece: Uint8Array): void {
    this.#reserve(piece.length);
    this.#chunk.set(piece, this.#used);
    this.#used += piece.length;
    this.#total += piece.length;
  }

  /** Stored bytes with their resourceVersion put in. */
  spliced(stored: Uint8Array, revision: number): void {
    const at = splicePoint(stored);
    const inserted = `"resourceVersion":"${revision}",`;
    this.#reserve(stored.length + inserted.length);
    this.#chunk.set(stored.subarray(0, at), this.#used);
    this.#chunk.write(inserted, this.#used + at, 'latin1');
    this.#chunk.set(stored.subarray(at), this.#used + at + inserted.length);
    this.#used += stored.length + inserted.length;
    this.#total += stored.length + inserted.length;
  }

  /** All pieces; nothing is added after it. */
  finish(): Uint8Array[] {
    if (this.#used > 0) this.#done.push(this.#chunk.subarray(0, this.#used));
    this.#used = 0;
    return this.#done;
  }

  #reserve(length: number): void {
    if (this.#used + length <= this.#chunk.length) return;
    if (this.#used > 0) this.#done.push(this.#chunk.subarray(0, this.#used));
    this.#chunk = Buffer.allocUnsafe(Math.max(chunkSize, length));
    this.#used = 0;
  }
}

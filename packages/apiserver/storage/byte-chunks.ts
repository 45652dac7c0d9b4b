import { splicePoint } from '@keelson/model';

const chunkSize = 64 << 10;

/** Gathers many small pieces into few larger ones, copying each byte once. */
export class ByteChunks {
  readonly #done: Uint8Array[] = [];
  #chunk: Buffer;
  #used = 0;
  #total = 0;
  #head: Buffer = Buffer.alloc(0);
  #headText = '';

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
    // Objects of one kind begin alike up to where the revision goes: copied as a whole, then that head is put before.
    if (this.#head.length === 0 || this.#head.compare(stored, 0, this.#head.length) !== 0) {
      this.#head = Buffer.from(stored.subarray(0, splicePoint(stored)));
      this.#headText = this.#head.toString('latin1');
    }
    const inserted = `"resourceVersion":"${revision}",`;
    const length = stored.length + inserted.length;
    this.#reserve(length);
    this.#chunk.set(stored, this.#used + inserted.length);
    this.#chunk.write(this.#headText + inserted, this.#used, 'latin1');
    this.#used += length;
    this.#total += length;
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

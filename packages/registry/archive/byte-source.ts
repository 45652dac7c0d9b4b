import { ArchiveError } from './archive-error.ts';

/** Takes counted bytes from pieces of any size. */
export class ByteSource {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  /** Some bytes, at most `count`; empty at the end. */
  async take(count: number): Promise<Uint8Array> {
    while (this.#rest.length === 0) {
      const next = await this.#iterator.next();
      if (next.done) return this.#rest;
      this.#rest = next.value;
    }
    const part = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }

  /** Exactly `count` bytes as one piece; undefined at the end. @throws ArchiveError Truncated when it ends within */
  async exactly(count: number): Promise<Uint8Array | undefined> {
    const pieces: Uint8Array[] = [];
    let size = 0;
    while (size < count) {
      const piece = await this.take(count - size);
      if (piece.length === 0) {
        if (size === 0) return undefined;
        throw new ArchiveError('Truncated', 'the archive ends in the middle');
      }
      pieces.push(piece);
      size += piece.length;
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  /** Lets go of the source. */
  async end(): Promise<void> {
    await this.#iterator.return?.();
  }
}

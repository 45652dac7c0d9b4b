/**
 * Cuts a stream of bytes into lines, the framing of watches. A line is bounded: a server that never ends one cannot
 * make the client hold more than `limit` bytes.
 */
export class LineSplitter {
  readonly limit: number;
  #rest: Uint8Array[] = [];
  #held = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** The lines that `chunk` completes, without their newlines; empty ones are left out. @throws Error over the limit */
  push(chunk: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, start);
      if (end < 0) break;
      const line = this.#complete(chunk.subarray(start, end));
      if (line.length > 0) lines.push(line);
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
    return lines;
  }

  /** True when the stream has stopped within a line. */
  get partial(): boolean {
    return this.#held > 0;
  }

  #hold(piece: Uint8Array): void {
    this.#held += piece.length;
    if (this.#held > this.limit) throw new Error(`a watch event is longer than ${this.limit} bytes`);
    this.#rest.push(piece);
  }

  #complete(piece: Uint8Array): Uint8Array {
    if (this.#held === 0 && piece.length <= this.limit) return piece;
    this.#hold(piece);
    const line = Buffer.concat(this.#rest);
    this.#rest = [];
    this.#held = 0;
    return line;
  }
}

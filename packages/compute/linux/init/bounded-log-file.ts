import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs';

/** A log file that never takes more than twice `limit` bytes: when it is full it becomes `<path>.1`, and a new one begins. */
export class BoundedLogFile {
  readonly #path: string;
  readonly #limit: number;
  #file: number;
  #size: number;

  constructor(path: string, limit: number) {
    this.#path = path;
    this.#limit = limit;
    this.#file = openSync(path, 'a', 0o640);
    this.#size = statSync(path).size;
  }

  write(piece: Uint8Array): void {
    if (this.#size > 0 && this.#size + piece.length > this.#limit) {
      closeSync(this.#file);
      renameSync(this.#path, `${this.#path}.1`);
      this.#file = openSync(this.#path, 'a', 0o640);
      this.#size = 0;
    }
    this.#size += writeSync(this.#file, piece);
  }

  close(): void {
    closeSync(this.#file);
  }
}

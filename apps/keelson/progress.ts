/** Shows steps as they are done, each with its time: on a terminal the current one is shown while it runs. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  #started = performance.now();
  #current: string | undefined;

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
  }

  /** Says what is being done; ends the step before. */
  begin(text: string): void {
    this.done();
    this.#current = text;
    this.#started = performance.now();
    if (this.#out.isTTY) this.#out.write(`  … ${text}`);
  }

  /** Replaces the text of the step that is under way: what it waits for. */
  note(text: string): void {
    if (this.#current === undefined) return;
    this.#current = text;
    if (this.#out.isTTY) this.#out.write(`\r\x1b[K  … ${text}`);
  }

  /** Ends the step that is under way, after `milliseconds` or the time that it took. */
  done(milliseconds = performance.now() - this.#started): void {
    if (this.#current === undefined) return;
    const line = `  ✓ ${this.#current.padEnd(56)} ${formatDuration(milliseconds).padStart(8)}\n`;
    this.#out.write(this.#out.isTTY ? `\r\x1b[K${line}` : line);
    this.#current = undefined;
  }

  /** Ends it as failed. */
  fail(): void {
    if (this.#current === undefined) return;
    this.#out.write(`${this.#out.isTTY ? '\r\x1b[K' : ''}  ✗ ${this.#current}\n`);
    this.#current = undefined;
  }
}

/** `86 ms`, `1.24 s`, `2 min 5 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_995) return `${(milliseconds / 1000).toFixed(2)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

import { mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { messageOf, type Timer, type World } from '@keelson/base';

/** Where events go, and how much of them is kept (kube-apiserver's --audit-log- options). */
export interface AuditLogOptions {
  /** A file; `-` is the standard output. */
  readonly path: string;
  /** MiB of the file before it is put aside. */
  readonly maxSize: number;
  /** Files put aside that are kept; 0: all. */
  readonly maxBackup: number;
  /** Days that files put aside are kept; 0: for ever. */
  readonly maxAge: number;
}

/** Bytes that may wait to be written: what comes beyond is lost, and counted. */
const waitingLimit = 64 << 20;
/** How long events are gathered, in milliseconds, and from how many bytes on they are not. */
const gatherTime = 100;
const gatherSize = 256 << 10;
const day = 86_400_000;

/** Writes events to a file, a line each, many at a time; the file is put aside when it is full. */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #world: World;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #size: number | undefined;
  /** Events that could not be written, or had no room. */
  lost = 0;

  constructor(options: AuditLogOptions, world: World) {
    this.#options = options;
    this.#world = world;
  }

  /** Takes an event. Never waits. */
  write(event: object): void {
    const line = `${JSON.stringify(event)}\n`;
    if (this.#waitingBytes + line.length > waitingLimit) {
      this.lost++;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    if (this.#waitingBytes >= gatherSize) this.#flushSoon();
    else this.#timer ??= this.#world.clock.setTimer(gatherTime, () => this.#flushSoon());
  }

  /** Resolves when everything that was taken is written, or lost. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined || this.#waiting.length > 0) {
      this.#flushSoon();
      await this.#writing;
    }
  }

  #flushSoon(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#writing !== undefined || this.#waiting.length === 0) return;
    const lines = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#writing = this.#append(lines)
      .catch((error: unknown) => {
        this.lost += lines.length;
        this.#world.log.error('the audit log cannot be written', { error: messageOf(error) });
      })
      .finally(() => {
        this.#writing = undefined;
        if (this.#waitingBytes >= gatherSize) this.#flushSoon();
      });
  }

  async #append(lines: readonly string[]): Promise<void> {
    const { path, maxSize } = this.#options;
    const bytes = Buffer.from(lines.join(''));
    if (path === '-') {
      await new Promise<void>((resolve) => process.stdout.write(bytes, () => resolve()));
      return;
    }
    this.#size ??= await sizeOf(path);
    if (this.#size > 0 && this.#size + bytes.length > maxSize << 20) await this.#rotate();
    await appended(path, bytes);
    this.#size += bytes.length;
  }

  /** Puts the file aside under the time, as `audit-2026-01-02T03-04-05.678.log`, and removes what is too old or too many. */
  async #rotate(): Promise<void> {
    const { path, maxBackup, maxAge } = this.#options;
    const now = this.#world.clock.now();
    const extension = extname(path);
    const prefix = `${basename(path, extension)}-`;
    const time = new Date(now).toISOString().slice(0, -1).replaceAll(':', '-');
    await rename(path, join(dirname(path), `${prefix}${time}${extension}`));
    this.#size = 0;
    const aside = (await readdir(dirname(path)))
      .filter((name) => name.startsWith(prefix) && name.endsWith(extension) && name !== basename(path))
      .sort()
      .reverse();
    for (const [index, name] of aside.entries()) {
      const told = name.slice(prefix.length, name.length - extension.length);
      const made = Date.parse(`${told.slice(0, 10)}T${told.slice(11).replaceAll('-', ':')}Z`);
      if (Number.isNaN(made)) continue;
      const old = maxAge > 0 && now - made > maxAge * day;
      if (old || (maxBackup > 0 && index >= maxBackup)) await unlink(join(dirname(path), name));
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  await mkdir(dirname(path), { recursive: true });
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

async function appended(path: string, bytes: Uint8Array): Promise<void> {
  // Only its owner reads who did what.
  const file = await open(path, 'a', 0o600);
  try {
    await file.writeFile(bytes);
  } finally {
    await file.close();
  }
}

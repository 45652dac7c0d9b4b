import { type FileHandle, open, stat } from 'node:fs/promises';
import { type Clock, sleep } from '@keelson/base';
import type { LogOptions } from './log-options.ts';

const block = 64 * 1024;
const longestLine = 1024 * 1024;
/** A log that is followed is looked at this often, in milliseconds. */
const followInterval = 100;
const newline = 10;

/**
 * The text of a container's log, which is in CRI's form (`time stream tag text`; tag P for a part of a line), as a client
 * wants it. While `running` says so and the options ask for it, goes on with what is written, over rotations too. Ends
 * when `signal` aborts.
 */
export async function* readContainerLog(
  path: string,
  options: LogOptions,
  running: () => Promise<boolean>,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  for await (const line of rawLines(path, options, running, clock, signal)) {
    const text = shown(line, options);
    if (text === undefined) continue;
    const piece = text.length > left ? text.subarray(0, left) : text;
    left -= piece.length;
    if (piece.length > 0) yield piece;
    if (left <= 0) return;
  }
}

/** One line as the client sees it; undefined when it is left out. */
function shown(line: Buffer, { since, stream, timestamps }: LogOptions): Buffer | undefined {
  const first = line.indexOf(32);
  const second = line.indexOf(32, first + 1);
  const third = line.indexOf(32, second + 1);
  if (first < 0 || second < 0 || third < 0) return undefined;
  const time = line.toString('latin1', 0, first);
  if (since !== undefined && Date.parse(time) < since) return undefined;
  if (stream !== undefined && line.toString('latin1', first + 1, second) !== stream) return undefined;
  const whole = !line
    .toString('latin1', second + 1, third)
    .split(':')
    .includes('P');
  const content = line.subarray(third + 1, whole ? line.length : line.length - 1);
  return timestamps ? Buffer.concat([Buffer.from(`${time} `), content]) : content;
}

/** Lines with their newline, from where the tail begins. */
async function* rawLines(
  path: string,
  options: LogOptions,
  running: () => Promise<boolean>,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let file = await open(path, 'r');
  try {
    let position = options.tailLines === undefined ? 0 : await tailStart(file, options.tailLines);
    let pending: Buffer = Buffer.alloc(0);
    for (let ending = false; !signal.aborted; ) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(block), 0, block, position);
      if (bytesRead > 0) {
        position += bytesRead;
        pending = Buffer.concat([pending, buffer.subarray(0, bytesRead)]);
        for (let end = pending.indexOf(newline); end >= 0; end = pending.indexOf(newline)) {
          yield pending.subarray(0, end + 1);
          pending = pending.subarray(end + 1);
        }
        if (pending.length > longestLine) pending = Buffer.alloc(0);
        continue;
      }
      const successor = await rotated(file, path);
      if (successor !== undefined) {
        await file.close();
        file = successor;
        position = 0;
      } else if (!options.follow || ending) return;
      else if (await running()) await sleep(clock, followInterval, signal);
      // What it wrote last may have come after the last read.
      else ending = true;
    }
  } finally {
    await file.close();
  }
}

/** The file that has taken the place of `file`. */
async function rotated(file: FileHandle, path: string): Promise<FileHandle | undefined> {
  const [own, present] = await Promise.all([file.stat(), stat(path).catch(() => undefined)]);
  return present !== undefined && present.ino !== own.ino ? open(path, 'r').catch(() => undefined) : undefined;
}

/** Where the last `lines` lines of a file begin. */
async function tailStart(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat();
  if (lines === 0) return size;
  let position = size;
  let found = 0;
  while (position > 0) {
    const length = Math.min(block, position);
    position -= length;
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, position);
    for (let at = length - 1; at >= 0; at--) {
      // The newline at the very end closes the last line and begins none.
      if (buffer[at] !== newline || position + at === size - 1) continue;
      if (++found === lines) return position + at + 1;
    }
  }
  return 0;
}

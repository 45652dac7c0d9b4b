import { PassThrough, pipeline, Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { messageOf } from '@keelson/base';
import { ArchiveError } from './archive-error.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

/** Expanding by more than this is no image: beyond the first part, which may be all zeros. */
const ratioLimit = 200;
const ratioFreeBytes = 1024 ** 3;

/** What the first four bytes say. */
export function compressionOf(start: Uint8Array): Compression {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip';
  if (start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd) return 'zstd';
  return 'none';
}

function decompressor(compression: Compression): Transform {
  if (compression === 'gzip') return createGunzip();
  return compression === 'zstd' ? createZstdDecompress() : new PassThrough();
}

/**
 * The plain bytes of what is plain, gzip or zstd. @throws ArchiveError Damaged, Truncated, and TooLarge over
 * `limit` bytes or where a small file would fill the disk
 */
export async function* decompress(source: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  let start: Uint8Array = new Uint8Array(0);
  while (start.length < 4) {
    const next = await iterator.next();
    if (next.done) break;
    start = Buffer.concat([start, next.value]);
  }
  const compression = compressionOf(start);
  let read = 0;
  let failure: unknown;
  const all = async function* () {
    try {
      read += start.length;
      yield start;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
        read += next.value.length;
        yield next.value;
      }
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      await iterator.return?.();
    }
  };
  const plain = decompressor(compression);
  pipeline(Readable.from(all(), { objectMode: false }), plain, () => {});
  let written = 0;
  try {
    for await (const piece of plain) {
      written += piece.length;
      if (written > limit) throw new ArchiveError('TooLarge', `the archive is larger than ${limit} bytes`);
      if (written > ratioFreeBytes && written > read * ratioLimit) {
        throw new ArchiveError('TooLarge', `the archive grows more than ${ratioLimit} times when it is unpacked`);
      }
      yield piece;
    }
  } catch (error) {
    if (error instanceof ArchiveError || failure !== undefined) throw failure ?? error;
    const short = /unexpected end/i.test(messageOf(error));
    throw new ArchiveError(short ? 'Truncated' : 'Damaged', `the archive cannot be unpacked: ${messageOf(error)}`);
  }
}

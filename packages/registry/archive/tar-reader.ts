import { ArchiveError } from './archive-error.ts';
import { ByteSource } from './byte-source.ts';
import { blockSize, isZeroBlock, parsePaxRecords, parseTarHeader, type TarHeader, type TarType } from './tar-header.ts';

const extensionLimit = 1024 * 1024;
const entryLimit = 100_000;

/** One entry of an archive. */
export interface TarEntry {
  /** With `/` between its parts, none of them `.` or `..`, and none at its ends. */
  readonly name: string;
  readonly type: TarType;
  /** In bytes. */
  readonly size: number;
  readonly mode: number;
  /** Where a link leads, as it is written. */
  readonly linkName: string;
  /** The content, to be read before the next entry is asked for; what is left is skipped. */
  readonly body: AsyncIterable<Uint8Array>;
}

const types: Record<string, TarType> = { '0': 'file', '7': 'file', '1': 'link', '2': 'symlink', '5': 'directory' };

/** `path` without `.` parts and slashes at its ends. @throws ArchiveError UnsafePath when it leads outside */
export function cleanPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/') || parts.includes('..') || path.includes('\0')) {
    throw new ArchiveError(
      'UnsafePath',
      `the archive's entry ${JSON.stringify(path.slice(0, 300))} leads outside of it`,
    );
  }
  return parts.join('/');
}

interface Extensions {
  name?: string;
  linkName?: string;
  size?: number;
}

function applyPax(records: ReadonlyMap<string, string>, to: Extensions): void {
  const [path, linkpath, size] = ['path', 'linkpath', 'size'].map((key) => records.get(key));
  if (path !== undefined) to.name = path;
  if (linkpath !== undefined) to.linkName = linkpath;
  if (size !== undefined) {
    if (!/^\d{1,15}$/.test(size)) throw new ArchiveError('Damaged', 'the archive has an impossible size');
    to.size = Number(size);
  }
  for (const key of records.keys()) {
    if (key.startsWith('GNU.sparse')) throw new ArchiveError('Unsupported', 'the archive has sparse files');
  }
}

/** The content of an extension header, which is small. */
async function readExtension(source: ByteSource, header: TarHeader): Promise<Uint8Array> {
  if (header.size > extensionLimit) {
    throw new ArchiveError(
      'TooLarge',
      `the archive has a header of ${header.size} bytes; the limit is ${extensionLimit}`,
    );
  }
  const padded = Math.ceil(header.size / blockSize) * blockSize;
  const bytes = padded === 0 ? new Uint8Array(0) : await source.exactly(padded);
  if (!bytes) throw new ArchiveError('Truncated', 'the archive ends in the middle');
  return bytes.subarray(0, header.size);
}

function withoutZeros(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8').replace(/\0+$/, '');
}

/** The next header of an entry proper, with what the headers before it said; undefined at the archive's end. */
async function nextEntry(source: ByteSource): Promise<{ header: TarHeader; extensions: Extensions } | undefined> {
  const extensions: Extensions = {};
  for (let count = 0; count < 16; count++) {
    const block = await source.exactly(blockSize);
    if (!block || isZeroBlock(block)) return undefined;
    const header = parseTarHeader(block);
    if (header.flag === 'x' || header.flag === 'g') {
      const records = parsePaxRecords(await readExtension(source, header));
      if (header.flag === 'x') applyPax(records, extensions);
    } else if (header.flag === 'L') extensions.name = withoutZeros(await readExtension(source, header));
    else if (header.flag === 'K') extensions.linkName = withoutZeros(await readExtension(source, header));
    else if (header.flag === 'S') throw new ArchiveError('Unsupported', 'the archive has sparse files');
    else return { header, extensions };
  }
  throw new ArchiveError('Damaged', 'the archive has too many headers for one entry');
}

/**
 * The entries of a tar archive (POSIX ustar and pax, GNU long names) in turn. Nothing is held but one header; nothing is
 * written anywhere. @throws ArchiveError, whatever the bytes are
 */
export async function* readTar(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const source = new ByteSource(bytes);
  try {
    for (let count = 0; ; count++) {
      const next = await nextEntry(source);
      if (!next) break;
      if (count >= entryLimit) throw new ArchiveError('TooLarge', `the archive has more than ${entryLimit} entries`);
      const { header, extensions } = next;
      const type = types[header.flag] ?? 'other';
      const size = type === 'file' ? (extensions.size ?? header.size) : 0;
      let left = size;
      const take = async (): Promise<Uint8Array> => {
        const piece = await source.take(left);
        if (piece.length === 0) throw new ArchiveError('Truncated', 'the archive ends in the middle');
        left -= piece.length;
        return piece;
      };
      const body = (async function* () {
        while (left > 0) yield await take();
      })();
      const name = cleanPath(extensions.name ?? header.name);
      yield { name, type, size, mode: header.mode, linkName: extensions.linkName ?? header.linkName, body };
      while (left > 0) await take();
      const padding = (blockSize - (size % blockSize)) % blockSize;
      if (padding > 0 && !(await source.exactly(padding)))
        throw new ArchiveError('Truncated', 'the archive ends in the middle');
    }
    while ((await source.take(blockSize)).length > 0);
  } finally {
    await source.end();
  }
}

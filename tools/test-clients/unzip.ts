import { crc32, inflateRawSync } from 'node:zlib';

/** A file of a ZIP archive, without what the archive says of its time and rights. */
export interface ZipEntry {
  readonly name: string;
  /** Its bytes, unpacked. @throws Error when they are not what the archive says of them */
  read(): Buffer;
}

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;
const fileHeader = 0x04034b50;

function read(archive: Buffer, at: number, name: string): Buffer {
  const [method, checksum] = [archive.readUInt16LE(at + 10), archive.readUInt32LE(at + 16)];
  const [packed, unpacked] = [archive.readUInt32LE(at + 20), archive.readUInt32LE(at + 24)];
  const header = archive.readUInt32LE(at + 42);
  if (archive.readUInt32LE(header) !== fileHeader) throw new Error(`${name} is not where the archive says it is`);
  const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
  const data = archive.subarray(start, start + packed);
  if (method !== 0 && method !== 8) throw new Error(`${name} is packed in a way that is not known: ${method}`);
  const bytes = method === 0 ? data : inflateRawSync(data, { maxOutputLength: Math.max(unpacked, 1) });
  if (bytes.length !== unpacked || crc32(bytes) !== checksum) throw new Error(`${name} is damaged`);
  return bytes;
}

/** The files of a ZIP archive (APPNOTE.TXT; one volume, below 4 GiB). @throws Error when it is none */
export function zipEntries(archive: Buffer): ZipEntry[] {
  // The record that ends the archive is 22 bytes, after which a comment of at most 65,535 may stand.
  let end = archive.length - 22;
  const first = Math.max(0, end - 0xffff);
  while (end >= first && archive.readUInt32LE(end) !== endOfDirectory) end--;
  if (end < first) throw new Error('this is no ZIP archive');
  const entries: ZipEntry[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    if (archive.readUInt32LE(at) !== directoryEntry) throw new Error('the directory of the ZIP archive is damaged');
    const here = at;
    const lengths = [28, 30, 32].map((offset) => archive.readUInt16LE(here + offset));
    const name = archive.toString('utf8', at + 46, at + 46 + lengths[0]!);
    if (!name.endsWith('/')) entries.push({ name, read: () => read(archive, here, name) });
    at += 46 + lengths[0]! + lengths[1]! + lengths[2]!;
  }
  return entries;
}

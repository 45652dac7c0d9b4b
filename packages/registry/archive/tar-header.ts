import { ArchiveError } from './archive-error.ts';

export const blockSize = 512;

export type TarType = 'file' | 'directory' | 'link' | 'symlink' | 'other';

/** One entry's header in the POSIX ustar form, before its extensions are applied. */
export interface TarHeader {
  readonly name: string;
  /** The type flag's character. */
  readonly flag: string;
  readonly size: number;
  readonly mode: number;
  readonly linkName: string;
}

function text(block: Uint8Array, offset: number, length: number): string {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return Buffer.from(end === -1 ? field : field.subarray(0, end)).toString('utf8');
}

/** An octal field, or GNU's base-256 form for large numbers. */
function number(block: Uint8Array, offset: number, length: number, what: string): number {
  const field = block.subarray(offset, offset + length);
  if ((field[0]! & 0x80) !== 0) {
    let value = field[0]! & 0x7f;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
    if (field[0] !== 0x80 || !Number.isSafeInteger(value))
      throw new ArchiveError('Damaged', `the archive has an impossible ${what}`);
    return value;
  }
  const digits = text(block, offset, length).trim();
  if (digits === '') return 0;
  if (!/^[0-7]+$/.test(digits)) throw new ArchiveError('Damaged', `the archive has an impossible ${what}`);
  return Number.parseInt(digits, 8);
}

export const isZeroBlock = (block: Uint8Array): boolean => block.every((byte) => byte === 0);

/** Reads a header block. @throws ArchiveError Damaged when the checksum or a number is wrong */
export function parseTarHeader(block: Uint8Array): TarHeader {
  let sum = 0;
  for (let index = 0; index < blockSize; index++) sum += index >= 148 && index < 156 ? 32 : block[index]!;
  if (number(block, 148, 8, 'checksum') !== sum)
    throw new ArchiveError('Damaged', 'the file is no tar archive, or is damaged');
  const posix = text(block, 257, 6) === 'ustar';
  const prefix = posix ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    flag: block[156] === 0 ? '0' : String.fromCharCode(block[156]!),
    size: number(block, 124, 12, 'size'),
    mode: number(block, 100, 8, 'mode'),
    linkName: text(block, 157, 100),
  };
}

/** The records of a pax extended header: `<length> <key>=<value>\n`. @throws ArchiveError Damaged */
export function parsePaxRecords(bytes: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  let offset = 0;
  while (offset < bytes.length) {
    const space = bytes.indexOf(32, offset);
    const length = space === -1 ? Number.NaN : Number(Buffer.from(bytes.subarray(offset, space)).toString('latin1'));
    const end = offset + length;
    const record =
      Number.isInteger(length) && end <= bytes.length && end > space ? bytes.subarray(space + 1, end) : undefined;
    const equals = record?.indexOf(61) ?? -1;
    if (!record || equals < 1 || record.at(-1) !== 10) {
      throw new ArchiveError('Damaged', 'the archive has a damaged pax header');
    }
    const value = Buffer.from(record.subarray(equals + 1, -1)).toString('utf8');
    records.set(Buffer.from(record.subarray(0, equals)).toString('utf8'), value);
    offset = end;
  }
  return records;
}

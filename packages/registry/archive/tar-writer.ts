import { assert } from '@keelson/base';
import { blockSize } from './tar-header.ts';

/** What is written of one entry. Times and owners are given, so that equal inputs make equal archives. */
export interface TarFile {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'link';
  readonly mode: number;
  /** Content of a file in bytes; 0 otherwise. */
  readonly size?: number;
  readonly linkName?: string;
  readonly user?: number;
  readonly group?: number;
  /** Whole seconds since 1970; default 0. */
  readonly modified?: number;
}

const flags = { file: '0', link: '1', symlink: '2', directory: '5' } as const;
const octalLimit = 8 ** 11;

function headerBlock(name: string, prefix: string, flag: string, linkName: string, file: Partial<TarFile>): Buffer {
  const block = Buffer.alloc(blockSize);
  const octal = (value: number, offset: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1');
  block.write(name, 0, 100, 'utf8');
  octal(file.mode ?? 0o644, 100, 8);
  octal(file.user ?? 0, 108, 8);
  octal(file.group ?? 0, 116, 8);
  octal(Math.min(file.size ?? 0, octalLimit - 1), 124, 12);
  octal(file.modified ?? 0, 136, 12);
  block.write('        ', 148, 'latin1');
  block.write(flag, 156, 'latin1');
  block.write(linkName, 157, 100, 'utf8');
  block.write('ustar\x0000', 257, 'latin1');
  block.write(prefix, 345, 155, 'utf8');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

/** The name's two fields, or undefined where it needs a pax header. */
function splitName(name: string): { name: string; prefix: string } | undefined {
  if (Buffer.byteLength(name) <= 100) return { name, prefix: '' };
  for (let slash = name.indexOf('/'); slash !== -1; slash = name.indexOf('/', slash + 1)) {
    const [prefix, rest] = [name.slice(0, slash), name.slice(slash + 1)];
    if (rest !== '' && Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(rest) <= 100)
      return { name: rest, prefix };
  }
  return undefined;
}

const padding = (size: number): Buffer => Buffer.alloc((blockSize - (size % blockSize)) % blockSize);

/** The header blocks of an entry: ustar where that can hold it, with a pax header before it where not. */
export function tarHeader(file: TarFile): Uint8Array {
  const name = file.type === 'directory' ? `${file.name.replace(/\/$/, '')}/` : file.name;
  const linkName = file.linkName ?? '';
  const fields = splitName(name);
  const records = [
    fields ? '' : paxRecord('path', name),
    Buffer.byteLength(linkName) > 100 ? paxRecord('linkpath', linkName) : '',
    (file.size ?? 0) >= octalLimit ? paxRecord('size', String(file.size)) : '',
  ].join('');
  const main = headerBlock(
    fields?.name ?? name.slice(0, 50),
    fields?.prefix ?? '',
    flags[file.type],
    linkName.slice(0, 100),
    file,
  );
  if (records === '') return main;
  const content = Buffer.from(records);
  const extension = headerBlock('PaxHeader', '', 'x', '', { size: content.length, mode: 0o644 });
  return Buffer.concat([extension, content, padding(content.length), main]);
}

/** Writes entries in turn to `write`, which resolves when it can take more. */
export class TarWriter {
  readonly #write: (bytes: Uint8Array) => Promise<void>;

  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  /** `body` must have exactly `file.size` bytes. */
  async add(file: TarFile, body?: AsyncIterable<Uint8Array> | Uint8Array): Promise<void> {
    await this.#write(tarHeader(file));
    let size = 0;
    const pieces = body instanceof Uint8Array ? [body] : (body ?? []);
    for await (const piece of pieces) {
      size += piece.length;
      await this.#write(piece);
    }
    assert(size === (file.size ?? 0), `${file.name} has ${size} bytes where ${file.size ?? 0} were announced`);
    await this.#write(padding(size));
  }

  /** The two zero blocks at the end. */
  async finish(): Promise<void> {
    await this.#write(Buffer.alloc(2 * blockSize));
  }
}

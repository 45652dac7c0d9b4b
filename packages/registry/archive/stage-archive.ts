import { RegistryError } from '../errors/registry-error.ts';
import { isDigest } from '../names/digest.ts';
import type { BlobFiles } from '../store/blob-files.ts';
import { ArchiveError } from './archive-error.ts';
import { cleanPath, type TarEntry } from './tar-reader.ts';

const documentLimit = 4 * 1024 * 1024;
const partLimit = 20_000;
const documentNames = new Set(['index.json', 'manifest.json', 'oci-layout']);
const linkDepth = 8;

/** What an archive carries: its small documents, and its other files as contents of the store by their path in it. */
export interface ArchiveParts {
  readonly documents: ReadonlyMap<string, Uint8Array>;
  /** The content's digest, links followed. @throws ArchiveError Incomplete */
  find(path: string): string;
  has(path: string): boolean;
}

async function readDocument(entry: TarEntry): Promise<Uint8Array> {
  if (entry.size > documentLimit) {
    throw new ArchiveError('TooLarge', `${entry.name} has ${entry.size} bytes; the limit is ${documentLimit}`);
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of entry.body) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** The digest that a file of an OCI layout must have by its name. */
function expectedDigest(path: string): string | undefined {
  const match = /^blobs\/(sha256|sha512)\/([^/]+)$/.exec(path);
  const digest = match ? `${match[1]}:${match[2]}` : '';
  return isDigest(digest) ? digest : undefined;
}

async function stageFile(files: BlobFiles, entry: TarEntry): Promise<string> {
  const expected = expectedDigest(entry.name);
  const writer = await files.create();
  try {
    for await (const piece of entry.body) await writer.write(piece);
    return await writer.finish(expected);
  } catch (error) {
    await writer.abort();
    if (error instanceof RegistryError && error.code === 'DIGEST_INVALID') {
      throw new ArchiveError('DigestMismatch', `${entry.name} is not what its digest says`);
    }
    throw error;
  }
}

/** Where a link in the archive leads, as a path in it. */
function linkTarget({ name, type, linkName }: TarEntry): string {
  if (type === 'link') return cleanPath(linkName);
  if (linkName.startsWith('/')) throw new ArchiveError('UnsafePath', `the archive's link ${name} leads outside of it`);
  const parts = name.split('/').slice(0, -1);
  for (const part of linkName.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined)
      throw new ArchiveError('UnsafePath', `the archive's link ${name} leads outside of it`);
  }
  return cleanPath(parts.join('/'));
}

/** Reads the archive to its end, and its files into the store, where they belong to nobody yet. */
export async function stageArchive(files: BlobFiles, entries: AsyncIterable<TarEntry>): Promise<ArchiveParts> {
  const documents = new Map<string, Uint8Array>();
  const contents = new Map<string, string>();
  const links = new Map<string, string>();
  for await (const entry of entries) {
    if (contents.size + links.size >= partLimit)
      throw new ArchiveError('TooLarge', `the archive has more than ${partLimit} files`);
    if (entry.type === 'link' || entry.type === 'symlink') links.set(entry.name, linkTarget(entry));
    else if (entry.type === 'file' && documentNames.has(entry.name))
      documents.set(entry.name, await readDocument(entry));
    else if (entry.type === 'file') contents.set(entry.name, await stageFile(files, entry));
  }
  const resolve = (path: string): string | undefined => {
    let at = path;
    for (let depth = 0; depth < linkDepth && !contents.has(at) && links.has(at); depth++) at = links.get(at)!;
    return contents.get(at);
  };
  return {
    documents,
    has: (path) => resolve(path) !== undefined,
    find: (path) => {
      const digest = resolve(cleanPath(path));
      if (digest === undefined)
        throw new ArchiveError('Incomplete', `the archive does not carry ${path.slice(0, 300)}`);
      return digest;
    },
  };
}

/** A document's JSON. @throws ArchiveError Damaged */
export function parseDocument(parts: ArchiveParts, name: string): any {
  try {
    return JSON.parse(Buffer.from(parts.documents.get(name)!).toString('utf8'));
  } catch {
    throw new ArchiveError('Damaged', `the archive's ${name} is not JSON`);
  }
}

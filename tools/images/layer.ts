import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { TarWriter } from '@keelson/registry/archive/tar-writer.ts';

/** A layer that was written: its file, and what a manifest says of it. */
export interface Layer {
  readonly path: string;
  readonly digest: string;
  /** The digest of the tar itself, which an image's configuration names. */
  readonly plainDigest: string;
  readonly size: number;
}

async function addFolder(tar: TarWriter, root: string, folder: string): Promise<void> {
  for (const entry of readdirSync(join(root, folder)).sort()) {
    const name = folder === '' ? entry : `${folder}/${entry}`;
    const path = join(root, name);
    const found = lstatSync(path);
    const mode = found.mode & 0o7777;
    if (found.isSymbolicLink()) await tar.add({ name, type: 'symlink', mode: 0o777, linkName: readlinkSync(path) });
    else if (found.isDirectory()) {
      await tar.add({ name, type: 'directory', mode });
      await addFolder(tar, root, name);
    } else if (found.isFile()) await tar.add({ name, type: 'file', mode, size: found.size }, createReadStream(path));
  }
}

/**
 * Writes the files below `root` as one tar layer, compressed by zstd, to `path`: in the order of their names, owned by
 * root, at time 0. The fastest zstd: a node has such a layer in half the time that a plain one or gzip takes it.
 */
export async function writeLayer(root: string, path: string): Promise<Layer> {
  const plain = createHash('sha256');
  const packed = createHash('sha256');
  let size = 0;
  const compressor = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  compressor.on('data', (bytes: Buffer) => {
    packed.update(bytes);
    size += bytes.length;
  });
  const written = pipeline(compressor, createWriteStream(path, { mode: 0o644 }));
  const tar = new TarWriter(async (bytes) => {
    plain.update(bytes);
    if (!compressor.write(bytes)) await once(compressor, 'drain');
  });
  await addFolder(tar, root, '');
  await tar.finish();
  compressor.end();
  await written;
  return { path, digest: `sha256:${packed.digest('hex')}`, plainDigest: `sha256:${plain.digest('hex')}`, size };
}

import { createHash } from 'node:crypto';
import { closeSync, createReadStream, lstatSync, openSync, readdirSync, readlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { TarWriter } from '@keelson/registry/archive/tar-writer.ts';

/** A layer that was written: its file, and what a manifest says of it. */
export interface Layer {
  readonly path: string;
  readonly digest: string;
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
 * Writes the files below `root` as one plain tar layer to `path`: in the order of their names, owned by root, at time 0.
 * Plain, because the layers stay on the machine, where unpacking costs more than the room.
 */
export async function writeLayer(root: string, path: string): Promise<Layer> {
  const file = openSync(path, 'w', 0o644);
  const hash = createHash('sha256');
  let size = 0;
  try {
    const tar = new TarWriter(async (bytes) => {
      hash.update(bytes);
      size += bytes.length;
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    });
    await addFolder(tar, root, '');
    await tar.finish();
  } finally {
    closeSync(file);
  }
  return { path, digest: `sha256:${hash.digest('hex')}`, size };
}

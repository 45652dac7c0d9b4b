import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { ociIndex } from '../manifests/media-types.ts';
import { algorithmOf, hexOf } from '../names/digest.ts';
import { TarWriter } from './tar-writer.ts';

/** A content to put into an archive. */
export interface LayoutBlob {
  readonly digest: string;
  readonly size: number;
  /** The bytes, or the file that has them. */
  readonly content: Uint8Array | string;
}

/** An image of an archive: its manifest's or index's descriptor and the name that it is to be loaded under. */
export interface LayoutImage {
  readonly name: string;
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Puts `write`'s bytes into `path`, which has them whole or not at all. */
async function writeWhole(
  path: string,
  write: (sink: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const staged = `${path}.partial`;
  const handle = await open(staged, 'w', 0o644);
  try {
    await write(async (bytes) => {
      for (let written = 0; written < bytes.length; ) written += (await handle.write(bytes, written)).bytesWritten;
    });
    await handle.sync();
    await handle.close();
    await rename(staged, path);
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(staged, { force: true });
    throw error;
  }
}

/**
 * Writes an OCI image layout (image-spec, image-layout.md) as one tar file, in which containerd, Docker and this registry
 * find the images under their names. Equal inputs give equal files.
 */
export async function writeLayoutArchive(
  path: string,
  images: readonly LayoutImage[],
  blobs: readonly LayoutBlob[],
): Promise<void> {
  const index = {
    schemaVersion: 2,
    mediaType: ociIndex,
    manifests: images.map(({ name, mediaType, digest, size }) => ({
      mediaType,
      digest,
      size,
      annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name.split(':').at(-1) },
    })),
  };
  await writeWhole(path, async (sink) => {
    const tar = new TarWriter(sink);
    const file = (name: string, size: number) => ({ name, type: 'file', mode: 0o644, size }) as const;
    const layout = Buffer.from('{"imageLayoutVersion":"1.0.0"}');
    await tar.add(file('oci-layout', layout.length), layout);
    const text = Buffer.from(JSON.stringify(index));
    await tar.add(file('index.json', text.length), text);
    const once = new Map(blobs.map((blob) => [blob.digest, blob]));
    for (const digest of [...once.keys()].sort()) {
      const { size, content } = once.get(digest)!;
      const body = typeof content === 'string' ? createReadStream(content) : content;
      await tar.add(file(`blobs/${algorithmOf(digest)}/${hexOf(digest)}`, size), body);
    }
    await tar.finish();
  });
}

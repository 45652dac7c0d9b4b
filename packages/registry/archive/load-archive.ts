import { createReadStream } from 'node:fs';
import { RegistryError } from '../errors/registry-error.ts';
import { formatImageName, type ImageName, parseImageName } from '../names/image-name.ts';
import type { ImageStore } from '../store/image-store.ts';
import { ArchiveError } from './archive-error.ts';
import { decompress } from './decompress.ts';
import { readDockerImages } from './docker-images.ts';
import { readLayoutImages } from './layout-images.ts';
import { type ArchiveParts, stageArchive } from './stage-archive.ts';
import { readTar } from './tar-reader.ts';

export interface LoadOptions {
  /** The name to give the archive's image instead of those in it: `nginx:1.21`. */
  readonly as?: string;
  /** The most bytes that the archive may have, unpacked. Default 32 GiB. */
  readonly limit?: number;
}

/** One image that was loaded under one name. */
export interface LoadedImage {
  /** In full: `docker.io/library/nginx:1.21`. */
  readonly name: string;
  readonly digest: string;
}

/** An image of an archive, whose contents are in the store already. */
export interface ArchivedImage {
  readonly digest: string;
  /** As written in the archive. */
  readonly names: readonly string[];
  /** Manifests in the order in which they can be kept, the image's own last. */
  readonly manifests: readonly { readonly digest: string; readonly mediaType: string; readonly bytes: Uint8Array }[];
  /** Contents that the repository must be able to read. */
  readonly blobs: readonly string[];
}

const defaultLimit = 32 * 1024 ** 3;

function namesFor(images: readonly ArchivedImage[], as: string | undefined): [ArchivedImage, ImageName][] {
  if (as !== undefined) {
    const name = parseImageName(as);
    if (new Set(images.map(({ digest }) => digest)).size > 1) {
      throw new ArchiveError('NameNeeded', `the archive holds ${images.length} images, which cannot all be ${as}`);
    }
    return [[images[0]!, name]];
  }
  const pairs = images.flatMap((image) =>
    image.names.map((name): [ArchivedImage, ImageName] => [image, parseImageName(name)]),
  );
  if (pairs.length === 0) throw new ArchiveError('NameNeeded', "the archive does not say its image's name; give one");
  return pairs;
}

async function keep(store: ImageStore, image: ArchivedImage, name: ImageName): Promise<LoadedImage> {
  const repository = formatImageName({ host: name.host, path: name.path });
  for (const blob of image.blobs) {
    if (!(await store.linkBlob(repository, blob)))
      throw new ArchiveError('Incomplete', `the archive does not carry ${blob}`);
  }
  if (name.digest !== undefined && name.digest !== image.digest) {
    throw new ArchiveError('DigestMismatch', `the image is ${image.digest}, not ${name.digest}`);
  }
  for (const { digest, mediaType, bytes } of image.manifests) {
    await store.putManifest({
      repository,
      digest,
      mediaType,
      bytes,
      origin: 'loaded',
      complete: false,
      named: digest === image.digest && name.tag === undefined,
      ...(digest === image.digest && name.tag !== undefined ? { tag: name.tag } : {}),
    });
  }
  return { name: formatImageName(name), digest: image.digest };
}

async function readImages(store: ImageStore, parts: ArchiveParts): Promise<ArchivedImage[]> {
  const images = parts.documents.has('index.json')
    ? await readLayoutImages(store, parts)
    : parts.documents.has('manifest.json')
      ? await readDockerImages(store, parts)
      : undefined;
  if (!images || images.length === 0) {
    throw new ArchiveError(
      'NotAnImageArchive',
      'the file is neither an OCI image layout nor what "docker save" writes',
    );
  }
  return images;
}

/**
 * Puts the images of an archive (an OCI layout or what `docker save` writes; as tar, tar.gz or tar.zst) into the store
 * under the names that they carry or under `as`. Names appear only when all of the archive was read and verified.
 * `source` is a file's path or its bytes. @throws ArchiveError; RegistryError NAME_INVALID, MANIFEST_INVALID, DENIED (quota)
 */
export async function loadArchive(
  store: ImageStore,
  source: string | AsyncIterable<Uint8Array>,
  options: LoadOptions = {},
): Promise<LoadedImage[]> {
  const { as, limit = defaultLimit } = options;
  if (as !== undefined) parseImageName(as);
  const bytes = typeof source === 'string' ? createReadStream(source, { highWaterMark: 256 * 1024 }) : source;
  const parts = await stageArchive(store.files, readTar(decompress(bytes, limit)));
  const images = await readImages(store, parts);
  const loaded: LoadedImage[] = [];
  for (const [image, name] of namesFor(images, as)) {
    try {
      loaded.push(await keep(store, image, name));
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'MANIFEST_INVALID') {
        throw new ArchiveError(
          'Damaged',
          `the image ${image.digest} has an invalid manifest: ${JSON.stringify(error.detail)}`,
        );
      }
      throw error;
    }
  }
  return loaded;
}

import { manifestLimit } from '../manifests/manifest.ts';
import { ociConfig, ociLayer, ociLayerGzip, ociLayerZstd, ociManifest } from '../manifests/media-types.ts';
import { digestOf } from '../names/digest.ts';
import type { ImageStore } from '../store/image-store.ts';
import { ArchiveError } from './archive-error.ts';
import { compressionOf } from './decompress.ts';
import type { ArchivedImage } from './load-archive.ts';
import { type ArchiveParts, parseDocument } from './stage-archive.ts';

const imageLimit = 1000;
const layerLimit = 1000;
const layerTypes = { none: ociLayer, gzip: ociLayerGzip, zstd: ociLayerZstd } as const;

interface DockerImage {
  readonly config: string;
  readonly layers: readonly string[];
  readonly names: readonly string[];
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function parseItem(item: any): DockerImage {
  const { Config: config, Layers: layers, RepoTags: names } = item ?? {};
  if (
    typeof config !== 'string' ||
    !isStrings(layers) ||
    !(names == null || isStrings(names)) ||
    layers.length > layerLimit
  ) {
    throw new ArchiveError('Damaged', 'the archive\'s manifest.json is not what "docker save" writes');
  }
  return { config, layers, names: names ?? [] };
}

async function startOf(store: ImageStore, digest: string, size: number): Promise<Uint8Array> {
  if (size === 0) return new Uint8Array(0);
  const pieces: Uint8Array[] = [];
  for await (const piece of store.files.read(digest, { start: 0, end: Math.min(3, size - 1) })) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function describeLayer(store: ImageStore, digest: string, diffId: unknown) {
  const size = (await store.files.size(digest)) ?? 0;
  const compression = compressionOf(await startOf(store, digest, size));
  if (compression === 'none' && digest !== diffId) {
    throw new ArchiveError('DigestMismatch', `the layer ${digest} is not what the image's configuration says`);
  }
  return { mediaType: layerTypes[compression], digest, size };
}

function diffIdsOf(config: Uint8Array, name: string): unknown[] {
  let value: any;
  try {
    value = JSON.parse(Buffer.from(config).toString('utf8'));
  } catch {
    throw new ArchiveError('Damaged', `${name} is not JSON`);
  }
  const found = value?.rootfs?.diff_ids;
  if (!isStrings(found)) throw new ArchiveError('Damaged', `${name} names no layers`);
  return found;
}

/** One image as an OCI image: its manifest is made here, for `docker save` writes none. */
async function convert(store: ImageStore, parts: ArchiveParts, image: DockerImage): Promise<ArchivedImage> {
  const config = parts.find(image.config);
  const configBytes = await store.files.readWhole(config, manifestLimit);
  const diffIds = diffIdsOf(configBytes, image.config);
  if (diffIds.length !== image.layers.length) {
    throw new ArchiveError(
      'Damaged',
      `${image.config} names ${diffIds.length} layers and the archive ${image.layers.length}`,
    );
  }
  const layers = [];
  for (const [index, path] of image.layers.entries())
    layers.push(await describeLayer(store, parts.find(path), diffIds[index]));
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifest,
      config: { mediaType: ociConfig, digest: config, size: configBytes.length },
      layers,
    }),
  );
  const digest = digestOf(bytes);
  return {
    digest,
    names: image.names,
    manifests: [{ digest, mediaType: ociManifest, bytes }],
    blobs: [config, ...layers.map((layer) => layer.digest)],
  };
}

/** The images of what `docker save` writes. @throws ArchiveError */
export async function readDockerImages(store: ImageStore, parts: ArchiveParts): Promise<ArchivedImage[]> {
  const items = parseDocument(parts, 'manifest.json');
  if (!Array.isArray(items) || items.length > imageLimit) {
    throw new ArchiveError('Damaged', "the archive's manifest.json is not a list of images");
  }
  const images: ArchivedImage[] = [];
  for (const item of items) images.push(await convert(store, parts, parseItem(item)));
  return images;
}

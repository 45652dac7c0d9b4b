import { RegistryError } from '../errors/registry-error.ts';
import { type Descriptor, manifestLimit, parseDescriptor, parseManifest } from '../manifests/manifest.ts';
import { algorithmOf, hexOf } from '../names/digest.ts';
import type { ImageStore } from '../store/image-store.ts';
import { ArchiveError } from './archive-error.ts';
import type { ArchivedImage } from './load-archive.ts';
import { type ArchiveParts, parseDocument } from './stage-archive.ts';

const depthLimit = 4;
const manifestCountLimit = 1000;

const pathOf = (digest: string): string => `blobs/${algorithmOf(digest)}/${hexOf(digest)}`;

interface Collected {
  readonly manifests: Map<string, { digest: string; mediaType: string; bytes: Uint8Array }>;
  readonly blobs: Set<string>;
}

/** Takes the descriptor's manifest and all under it. An index may lack images, but not all of them. */
async function collect(
  store: ImageStore,
  parts: ArchiveParts,
  descriptor: Descriptor,
  into: Collected,
  depth: number,
): Promise<void> {
  const { digest, mediaType } = descriptor;
  if (into.manifests.has(digest)) return;
  if (depth > depthLimit || into.manifests.size >= manifestCountLimit) {
    throw new ArchiveError('TooLarge', 'the archive has too many indexes within one another');
  }
  const bytes = await store.files.readWhole(parts.find(pathOf(digest)), manifestLimit);
  if (bytes.length !== descriptor.size)
    throw new ArchiveError('Damaged', `${digest} has another size than its descriptor says`);
  const manifest = parseManifest(bytes, mediaType);
  if (manifest.kind === 'image') {
    for (const part of manifest.references) {
      if (part.urls && !parts.has(pathOf(part.digest))) continue;
      into.blobs.add(parts.find(pathOf(part.digest)));
    }
  } else {
    const present = manifest.references.filter((part) => parts.has(pathOf(part.digest)));
    if (present.length === 0)
      throw new ArchiveError('Incomplete', `the archive carries no image of the index ${digest}`);
    for (const part of present) await collect(store, parts, part, into, depth + 1);
  }
  into.manifests.set(digest, { digest, mediaType: manifest.mediaType, bytes });
}

/** The names that an index entry carries: containerd's annotation in full, or the layout's own. */
function namesOf({ annotations = {} }: Descriptor): string[] {
  const full = annotations['io.containerd.image.name'];
  if (full) return [full];
  const reference = annotations['org.opencontainers.image.ref.name'];
  return reference && /[/:]/.test(reference) ? [reference] : [];
}

/** The images of an OCI image layout. @throws ArchiveError */
export async function readLayoutImages(store: ImageStore, parts: ArchiveParts): Promise<ArchivedImage[]> {
  if (parts.documents.has('oci-layout')) {
    const { imageLayoutVersion } = parseDocument(parts, 'oci-layout') ?? {};
    if (imageLayoutVersion !== '1.0.0') {
      throw new ArchiveError(
        'Unsupported',
        `the image layout has version ${JSON.stringify(imageLayoutVersion)}; 1.0.0 is read`,
      );
    }
  }
  const index = parseDocument(parts, 'index.json');
  if (!Array.isArray(index?.manifests)) throw new ArchiveError('Damaged', "the archive's index.json has no manifests");
  const images = new Map<string, ArchivedImage>();
  try {
    for (const [position, item] of index.manifests.entries()) {
      const descriptor = parseDescriptor(item, `index.json: manifests[${position}]`);
      const known = images.get(descriptor.digest);
      const into: Collected = { manifests: new Map(), blobs: new Set() };
      if (!known) await collect(store, parts, descriptor, into, 1);
      images.set(descriptor.digest, {
        digest: descriptor.digest,
        manifests: known?.manifests ?? [...into.manifests.values()],
        blobs: known?.blobs ?? [...into.blobs],
        names: [...(known?.names ?? []), ...namesOf(descriptor)],
      });
    }
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    throw new ArchiveError('Damaged', `the archive has an invalid manifest: ${JSON.stringify(error.detail)}`);
  }
  return [...images.values()];
}

import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from '@keelson/base';
import { RegistryError } from '../errors/registry-error.ts';
import { type Manifest, manifestLimit, parseManifest } from '../manifests/manifest.ts';
import { algorithmOf, digestOf, isDigest } from '../names/digest.ts';
import { BlobFiles, syncFolder } from './blob-files.ts';
import { Repositories } from './repositories.ts';
import type { ManifestRecord, Origin, RepositoryRecord, TagRecord } from './repository-record.ts';

export interface ImageStoreOptions {
  /** The store's own folder; made when missing, readable by its owner only. */
  readonly directory: string;
  readonly world: World;
  /** The most bytes that contents may take, `storageQuotaBytes` in errors. Default 64 GiB. */
  readonly storageQuotaBytes?: number;
}

/** A manifest as it is served. */
export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly origin: Origin;
}

export interface PutManifest {
  readonly repository: string;
  /** The tag to set, if any. */
  readonly tag?: string;
  /** What the bytes' digest must be, if it is known. */
  readonly digest?: string;
  /** The Content-Type that came with it, or empty. */
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly origin: Origin;
  /** Whether everything that it refers to must be in the repository: for pushes, not for a cache. */
  readonly complete: boolean;
  /** Whether it is to stay without a tag, because people know it by its digest. */
  readonly named?: boolean;
}

const defaultQuota = 64 * 1024 ** 3;
const usedPrecision = 3600_000;
const storeFormat = 'keelson-image-store 1\n';

/** Keeps the folder's format version, so that a later version can tell what it finds. */
async function checkFormat(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'format');
  const found = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === storeFormat) return;
  if (found !== undefined)
    throw new Error(`${directory} holds "${found.trim()}"; this version reads "${storeFormat.trim()}"`);
  const handle = await open(`${path}.new`, 'w', 0o600);
  await handle.writeFile(storeFormat);
  await handle.sync();
  await handle.close();
  await rename(`${path}.new`, path);
  await syncFolder(directory);
}

/** Images on the disk: contents by digest, and for each repository its tags, manifests and the blobs that it may read. */
export class ImageStore {
  readonly files: BlobFiles;
  readonly repositories: Repositories;
  readonly world: World;

  private constructor(files: BlobFiles, repositories: Repositories, world: World) {
    this.files = files;
    this.repositories = repositories;
    this.world = world;
  }

  /** @throws Error when the folder cannot be written or is of another version */
  static async open(options: ImageStoreOptions): Promise<ImageStore> {
    const { directory, world, storageQuotaBytes = defaultQuota } = options;
    await checkFormat(directory);
    const files = await BlobFiles.open(directory, world, storageQuotaBytes);
    return new ImageStore(files, await Repositories.open(join(directory, 'repositories'), world), world);
  }

  /** The tag's record, or undefined. */
  async tag(repository: string, tag: string): Promise<TagRecord | undefined> {
    return (await this.repositories.read(repository)).tags.get(tag);
  }

  /** The manifest by tag or digest, or undefined where this store does not have it. */
  async manifest(repository: string, reference: string): Promise<StoredManifest | undefined> {
    const record = await this.repositories.read(repository);
    const digest = isDigest(reference) ? reference : record.tags.get(reference)?.digest;
    const found = digest === undefined ? undefined : record.manifests.get(digest);
    if (digest === undefined || found === undefined) return undefined;
    if ((await this.files.size(digest)) === undefined) return undefined;
    const bytes = await this.files.readWhole(digest, manifestLimit);
    return { digest, mediaType: found.mediaType, bytes, origin: found.origin };
  }

  /**
   * Keeps a manifest and sets its tag. @throws RegistryError MANIFEST_INVALID, MANIFEST_BLOB_UNKNOWN, DIGEST_INVALID,
   * DENIED (quota)
   */
  async putManifest(put: PutManifest): Promise<{ digest: string; manifest: Manifest }> {
    const manifest = parseManifest(put.bytes, put.mediaType);
    const digest = digestOf(put.bytes, put.digest === undefined ? 'sha256' : algorithmOf(put.digest));
    if (put.digest !== undefined && put.digest !== digest) {
      throw new RegistryError('DIGEST_INVALID', { detail: { expected: put.digest, received: digest } });
    }
    if (put.complete) await this.#checkReferences(put.repository, manifest);
    await this.files.add(put.bytes, digest);
    const now = this.world.clock.now();
    const entry: ManifestRecord = {
      mediaType: manifest.mediaType,
      size: put.bytes.length,
      origin: put.origin,
      storedAt: now,
      ...(put.named || put.origin === 'pushed' ? { named: true } : {}),
      references: manifest.references.map((descriptor) => descriptor.digest),
      ...(manifest.subject ? { subject: manifest.subject.digest } : {}),
      ...(manifest.artifactType ? { artifactType: manifest.artifactType } : {}),
      ...(manifest.annotations ? { annotations: manifest.annotations } : {}),
    };
    const { tag } = put;
    await this.repositories.update(put.repository, (record) => ({
      ...record,
      manifests: new Map(record.manifests).set(digest, entry),
      tags:
        tag === undefined
          ? record.tags
          : new Map(record.tags).set(tag, { digest, origin: put.origin, checkedAt: now, usedAt: now }),
    }));
    return { digest, manifest };
  }

  async #checkReferences(repository: string, manifest: Manifest): Promise<void> {
    const record = await this.repositories.read(repository);
    for (const descriptor of manifest.references) {
      if (descriptor.urls) continue;
      const { digest, size } = descriptor;
      const known = manifest.kind === 'index' ? record.manifests.has(digest) : mayReadBlob(record, digest);
      const found = known ? await this.files.size(digest) : undefined;
      if (found === undefined) throw new RegistryError('MANIFEST_BLOB_UNKNOWN', { detail: { digest } });
      if (found !== size) throw new RegistryError('MANIFEST_INVALID', { detail: { digest, size, found } });
    }
  }

  /** Notes that the tag was looked up upstream just now (`checked`) or was used. */
  async noteTag(repository: string, tag: string, checked: boolean): Promise<void> {
    const now = this.world.clock.now();
    const known = await this.tag(repository, tag);
    if (!known || (!checked && now - known.usedAt < usedPrecision)) return;
    await this.repositories.update(repository, (record) => {
      const current = record.tags.get(tag);
      if (!current) return record;
      const next = { ...current, usedAt: now, ...(checked ? { checkedAt: now } : {}) };
      return { ...record, tags: new Map(record.tags).set(tag, next) };
    });
  }

  /** The blob's size where this repository may read it and it is here. */
  async blobSize(repository: string, digest: string): Promise<number | undefined> {
    const record = await this.repositories.read(repository);
    return mayReadBlob(record, digest) ? this.files.size(digest) : undefined;
  }

  /** Lets the repository read a content that is here. Returns false where it is not. */
  async linkBlob(repository: string, digest: string): Promise<boolean> {
    await this.files.touch(digest);
    if ((await this.files.size(digest)) === undefined) return false;
    const now = this.world.clock.now();
    await this.repositories.update(repository, (record) => ({
      ...record,
      blobs: new Map(record.blobs).set(digest, now),
    }));
    return true;
  }

  /** Takes the blob from the repository; its file goes when nothing refers to it. @returns whether it had it */
  async unlinkBlob(repository: string, digest: string): Promise<boolean> {
    let had = false;
    await this.repositories.update(repository, (record) => {
      had = record.blobs.has(digest);
      return had ? { ...record, blobs: without(record.blobs, digest) } : record;
    });
    return had;
  }

  /** Removes a tag, or a manifest with all its tags. @returns whether there was one */
  async deleteManifest(repository: string, reference: string): Promise<boolean> {
    let had = false;
    await this.repositories.update(repository, (record) => {
      if (!isDigest(reference)) {
        had = record.tags.has(reference);
        return had ? { ...record, tags: without(record.tags, reference) } : record;
      }
      had = record.manifests.has(reference);
      if (!had) return record;
      const tags = new Map([...record.tags].filter(([, tag]) => tag.digest !== reference));
      return { ...record, tags, manifests: without(record.manifests, reference) };
    });
    return had;
  }
}

function without<V>(map: ReadonlyMap<string, V>, key: string): Map<string, V> {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}

function mayReadBlob(record: RepositoryRecord, digest: string): boolean {
  if (record.blobs.has(digest)) return true;
  for (const manifest of record.manifests.values()) if (manifest.references.includes(digest)) return true;
  return false;
}

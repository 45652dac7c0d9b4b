/** How something came here: put by a person, pushed by a client, or fetched from the registry of its name. */
export type Origin = 'loaded' | 'pushed' | 'upstream';

export interface TagRecord {
  readonly digest: string;
  readonly origin: Origin;
  /** Milliseconds since 1970 at which the upstream was last asked (or the tag was set). */
  readonly checkedAt: number;
  /** Milliseconds since 1970 of about the last use; exact to an hour. */
  readonly usedAt: number;
}

export interface ManifestRecord {
  readonly mediaType: string;
  readonly size: number;
  readonly origin: Origin;
  readonly storedAt: number;
  /** It was put here under its digest, so it stays without a tag. */
  readonly named?: true;
  /** Digests of configuration and layers, or of an index's manifests. */
  readonly references: readonly string[];
  readonly subject?: string;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What one repository holds. A record is never changed in place: an update is a new record. */
export interface RepositoryRecord {
  readonly name: string;
  readonly tags: ReadonlyMap<string, TagRecord>;
  readonly manifests: ReadonlyMap<string, ManifestRecord>;
  /** Blobs that clients of this repository may read, with the time (ms since 1970) at which they were linked. */
  readonly blobs: ReadonlyMap<string, number>;
}

const formatVersion = 1;

export function emptyRepository(name: string): RepositoryRecord {
  return { name, tags: new Map(), manifests: new Map(), blobs: new Map() };
}

export function isEmptyRepository(record: RepositoryRecord): boolean {
  return record.tags.size === 0 && record.manifests.size === 0 && record.blobs.size === 0;
}

/** The record as the file that holds it. Maps are lists of pairs, so that a tag may have any name. */
export function encodeRepository(record: RepositoryRecord): Uint8Array {
  const { name, tags, manifests, blobs } = record;
  return Buffer.from(
    `${JSON.stringify({ format: formatVersion, name, tags: [...tags], manifests: [...manifests], blobs: [...blobs] })}\n`,
  );
}

/** @throws Error when the file is of a later version or no record at all */
export function decodeRepository(bytes: Uint8Array): RepositoryRecord {
  const value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  if (value.format !== formatVersion) {
    throw new Error(`the repository record has format ${value.format}; this version reads ${formatVersion}`);
  }
  return {
    name: value.name,
    tags: new Map(value.tags),
    manifests: new Map(value.manifests),
    blobs: new Map(value.blobs),
  };
}

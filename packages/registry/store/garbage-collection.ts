import { isIndexType } from '../manifests/media-types.ts';
import type { ImageStore } from './image-store.ts';
import type { RepositoryRecord } from './repository-record.ts';

/** What one collection did. */
export interface Collected {
  readonly blobs: number;
  readonly bytes: number;
}

/** How long an upload may take between its blobs and the manifest that refers to them, in milliseconds. */
const defaultGrace = 3600_000;

/** The manifests that stay: tagged, put here under their digest, young, or part of or about one that stays. */
function keptManifests(record: RepositoryRecord, youngerThan: number): Set<string> {
  const kept = new Set<string>();
  const add = (digest: string): void => {
    const manifest = record.manifests.get(digest);
    if (!manifest || kept.has(digest)) return;
    kept.add(digest);
    if (isIndexType(manifest.mediaType)) manifest.references.forEach(add);
  };
  for (const tag of record.tags.values()) add(tag.digest);
  for (const [digest, manifest] of record.manifests) {
    if (manifest.named || manifest.storedAt > youngerThan) add(digest);
  }
  for (const [digest, manifest] of record.manifests) {
    if (manifest.subject !== undefined && kept.has(manifest.subject)) add(digest);
  }
  return kept;
}

/** The record without what nobody needs any more; the same record when that is nothing. */
function prune(record: RepositoryRecord, youngerThan: number): RepositoryRecord {
  const kept = keptManifests(record, youngerThan);
  const used = new Set<string>();
  for (const digest of kept) for (const part of record.manifests.get(digest)!.references) used.add(part);
  const manifests = new Map([...record.manifests].filter(([digest]) => kept.has(digest)));
  const blobs = new Map([...record.blobs].filter(([digest, linkedAt]) => used.has(digest) || linkedAt > youngerThan));
  if (manifests.size === record.manifests.size && blobs.size === record.blobs.size) return record;
  return { ...record, manifests, blobs };
}

/**
 * Removes the contents that nothing refers to: blobs that no manifest has and no upload has just brought, and manifests
 * that a tag has moved away from. What was pushed, or loaded under its digest, stays until it is deleted.
 * `grace` in milliseconds protects what is younger.
 */
export async function collectGarbage(store: ImageStore, grace: number = defaultGrace): Promise<Collected> {
  const youngerThan = store.world.clock.now() - grace;
  const live = new Set<string>();
  for (const { name } of await store.repositories.all()) {
    const record = await store.repositories.update(name, (current) => prune(current, youngerThan));
    for (const digest of record.blobs.keys()) live.add(digest);
    for (const [digest, manifest] of record.manifests) {
      live.add(digest);
      for (const part of manifest.references) live.add(part);
    }
  }
  const dead: { digest: string; size: number }[] = [];
  for await (const { digest, size, touchedAt } of store.files.list()) {
    if (!live.has(digest) && touchedAt <= youngerThan) dead.push({ digest, size });
  }
  for (const { digest } of dead) await store.files.remove(digest);
  return { blobs: dead.length, bytes: dead.reduce((sum, { size }) => sum + size, 0) };
}

/**
 * Frees at least `bytes` where it can: first garbage, then cached images that were used longest ago, which their
 * upstream still has. What was loaded or pushed is never taken.
 */
export async function makeRoom(store: ImageStore, bytes: number, grace: number = defaultGrace): Promise<void> {
  let freed = (await collectGarbage(store, grace)).bytes;
  const cached = (await store.repositories.all()).flatMap((record) =>
    [...record.tags].map(([tag, { origin, usedAt }]) => ({ name: record.name, tag, origin, usedAt })),
  );
  const candidates = cached.filter(({ origin }) => origin === 'upstream').sort((a, b) => a.usedAt - b.usedAt);
  const youngerThan = store.world.clock.now() - grace;
  for (const { name, tag, usedAt } of candidates) {
    if (freed >= bytes || usedAt > youngerThan) return;
    await store.deleteManifest(name, tag);
    freed += (await collectGarbage(store, grace)).bytes;
  }
}

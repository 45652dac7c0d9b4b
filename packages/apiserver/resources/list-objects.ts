import { StoreError } from '@keelson/store';
import type { ListOptions } from '../request/list-options.ts';
import { parseRevision } from '../request/list-options.ts';
import { badRequest, expired, revisionTooLarge, tooManyRequests } from '../request/status-error.ts';
import type { CachedObject } from '../storage/cached-object.ts';
import { decodeContinue, encodeContinue, invalidToken } from '../storage/continue-token.ts';
import type { LatestRevision } from '../storage/latest-revision.ts';
import { keyRange } from '../storage/object-key.ts';
import type { WatchCache } from '../storage/watch-cache.ts';
import { storeRefusal } from './object-writer.ts';
import type { ListMeta } from './rendering.ts';

/** How long a list waits for the revision that it was asked for, in milliseconds (as kube-apiserver does). */
const freshnessWait = 3000;
const pageSize = 1000;

const inconsistentText =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

export interface ListPage {
  readonly objects: readonly CachedObject[];
  readonly meta: ListMeta;
}

/** Answers a list: from the cache when the latest will do, from the store at an exact revision. @throws StatusError */
export async function listObjects(
  cache: WatchCache,
  latest: LatestRevision,
  namespace: string,
  options: ListOptions,
): Promise<ListPage> {
  const { limit, continueToken, resourceVersion, match } = options;
  if (continueToken !== '') return continued(cache, namespace, options);
  const revision = parseRevision(resourceVersion);
  const exact = match === 'Exact' || (match === '' && limit > 0 && revision > 0);
  if (exact && revision > 0) {
    const { start } = keyRange(cache.prefix, namespace);
    return fromStore(cache, namespace, options, start, revision);
  }
  await awaitRevision(cache, latest, resourceVersion, revision);
  return fromCache(cache, namespace, options);
}

/** Waits until the cache is as new as the client wants it. @throws StatusError 429, 504 */
export async function awaitRevision(
  cache: WatchCache,
  latest: LatestRevision,
  resourceVersion: string,
  revision: number,
): Promise<void> {
  const wanted = resourceVersion === '' ? await latest() : revision;
  if (await cache.waitFor(wanted, freshnessWait)) return;
  if (!cache.ready) throw tooManyRequests('storage is (re)initializing', 1);
  if (resourceVersion !== '') throw revisionTooLarge(revision, cache.revision);
}

function fromCache(cache: WatchCache, namespace: string, options: ListOptions): ListPage {
  const { selection, resourceVersion } = options;
  // What is there will do for revision 0, and all of it, as kube-apiserver's cache answers.
  const limit = resourceVersion === '0' ? 0 : options.limit;
  const all = cache.list(namespace);
  const selecting = selection.labels !== undefined || selection.fields !== undefined;
  const revision = cache.revision;
  if (limit <= 0) {
    const objects = selecting ? all.filter((object) => object.matches(selection)) : all;
    return { objects, meta: { resourceVersion: String(revision) } };
  }
  const objects: CachedObject[] = [];
  for (let index = 0; index < all.length; index++) {
    const object = all[index]!;
    if (selecting && !object.matches(selection)) continue;
    if (objects.length === limit) {
      const remaining = selecting ? undefined : all.length - index;
      return { objects, meta: moreMeta(cache, revision, objects.at(-1)!, remaining) };
    }
    objects.push(object);
  }
  return { objects, meta: { resourceVersion: String(revision) } };
}

function moreMeta(cache: WatchCache, revision: number, last: CachedObject, remaining: number | undefined): ListMeta {
  const token = encodeContinue({ revision, start: `${last.key}\0` }, cache.prefix);
  const meta = { resourceVersion: String(revision), continue: token };
  return remaining === undefined || remaining <= 0 ? meta : { ...meta, remainingItemCount: remaining };
}

async function continued(cache: WatchCache, namespace: string, options: ListOptions): Promise<ListPage> {
  if (options.resourceVersion !== '' && options.resourceVersion !== '0')
    throw badRequest('specifying resource version is not allowed when using continue');
  const token = decodeContinue(options.continueToken, cache.prefix);
  const range = keyRange(cache.prefix, namespace);
  if (!token.start.startsWith(range.start))
    throw invalidToken(`continue key is not valid: ${token.start.slice(cache.prefix.length)}`);
  if (token.revision === -1) return fromStore(cache, namespace, options, token.start, 0);
  try {
    return await fromStore(cache, namespace, options, token.start, token.revision);
  } catch (error) {
    if (!(error instanceof Compacted)) throw error;
    throw expired(inconsistentText, encodeContinue({ revision: -1, start: token.start }, cache.prefix));
  }
}

/** The revision of a list is not kept any more. */
class Compacted extends Error {}

async function fromStore(
  cache: WatchCache,
  namespace: string,
  options: ListOptions,
  start: string,
  revision: number,
): Promise<ListPage> {
  try {
    return await readPages(cache, namespace, options, start, revision);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.code === 'futureRevision') throw revisionTooLarge(revision, cache.store.revision());
    if (error.code !== 'compacted') throw storeRefusal(error);
    if (options.continueToken !== '') throw new Compacted();
    throw expired(`The resourceVersion for the provided list is too old.`);
  }
}

async function readPages(
  cache: WatchCache,
  namespace: string,
  { selection, limit }: ListOptions,
  start: string,
  revision: number,
): Promise<ListPage> {
  const { end } = keyRange(cache.prefix, namespace);
  const selecting = selection.labels !== undefined || selection.fields !== undefined;
  const objects: CachedObject[] = [];
  let next = start;
  let at = revision;
  for (;;) {
    const wanted = limit > 0 && !selecting ? limit - objects.length : pageSize;
    const page = await cache.store.range({ start: next, end, revision: at, limit: wanted });
    at ||= page.revision;
    for (const [index, entry] of page.entries.entries()) {
      const object = cache.objectOf(entry.key, entry.modRevision, entry.value);
      if (!selecting || object.matches(selection)) objects.push(object);
      const left = page.count - index - 1;
      if (limit > 0 && objects.length >= limit && left > 0)
        return { objects, meta: moreMeta(cache, at, object, selecting ? undefined : left) };
      next = `${entry.key}\0`;
    }
    if (!page.more) return { objects, meta: { resourceVersion: String(at) } };
  }
}

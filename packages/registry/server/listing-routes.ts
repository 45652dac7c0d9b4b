import type { HttpResponse } from '@keelson/base';
import { RegistryError } from '../errors/registry-error.ts';
import { ociIndex } from '../manifests/media-types.ts';
import { checkDigest } from '../names/digest.ts';
import { isEmptyRepository } from '../store/repository-record.ts';
import type { Call } from './registry-context.ts';
import { reply, replyJson } from './replies.ts';

const pageLimit = 10_000;

/** The part of `sorted` that the `n` and `last` parameters ask for, with the Link header of the next one. */
function page(
  { request, query }: Call,
  sorted: readonly string[],
): { items: string[]; headers: Record<string, string> } {
  const text = query.get('n');
  if (text !== null && !/^\d{1,9}$/.test(text)) {
    throw new RegistryError('PAGINATION_NUMBER_INVALID', { detail: { n: text.slice(0, 100) } });
  }
  const count = Math.min(text === null ? pageLimit : Number(text), pageLimit);
  const last = query.get('last') ?? '';
  const rest = last === '' ? [...sorted] : sorted.filter((item) => item > last);
  const items = rest.slice(0, count);
  if (items.length === rest.length || items.length === 0) return { items, headers: {} };
  const next = new URLSearchParams(query);
  next.set('n', String(count));
  next.set('last', items.at(-1)!);
  return { items, headers: { link: `<${request.target.split('?')[0]}?${next}>; rel="next"` } };
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** `GET /v2/_catalog`: the repositories of every registry that something is kept of. */
export async function catalogRoute(call: Call): Promise<HttpResponse> {
  const records = await call.context.store.repositories.all();
  const { items, headers } = page(call, records.map(({ name }) => name).sort(order));
  return replyJson(200, { repositories: items }, headers);
}

/** `GET /v2/<name>/tags/list`: the tags that are kept here. */
export async function tagsRoute(call: Call, repository: string): Promise<HttpResponse> {
  const record = await call.context.store.repositories.read(repository);
  if (isEmptyRepository(record)) throw new RegistryError('NAME_UNKNOWN', { detail: { name: repository } });
  const { items, headers } = page(call, [...record.tags.keys()].sort(order));
  return replyJson(200, { name: repository, tags: items }, headers);
}

/** `GET /v2/<name>/referrers/<digest>`: an index of the manifests whose subject it is; empty where there are none. */
export async function referrersRoute(call: Call, repository: string, digest: string): Promise<HttpResponse> {
  checkDigest(digest);
  const record = await call.context.store.repositories.read(repository);
  const wanted = call.query.get('artifactType');
  const manifests = [...record.manifests]
    .filter(([, manifest]) => manifest.subject === digest && (wanted === null || manifest.artifactType === wanted))
    .map(([own, { mediaType, size, artifactType, annotations }]) => ({
      mediaType,
      size,
      digest: own,
      ...(artifactType ? { artifactType } : {}),
      ...(annotations ? { annotations } : {}),
    }));
  const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests }));
  return reply(
    200,
    { 'content-type': ociIndex, ...(wanted === null ? {} : { 'oci-filters-applied': 'artifactType' }) },
    body,
  );
}

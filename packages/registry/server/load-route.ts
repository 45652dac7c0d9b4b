import type { HttpResponse } from '@keelson/base';
import { ArchiveError } from '../archive/archive-error.ts';
import { loadArchive } from '../archive/load-archive.ts';
import { RegistryError } from '../errors/registry-error.ts';
import type { Call } from './registry-context.ts';
import { replyJson } from './replies.ts';

/**
 * `POST /v2/_keelson/images/load?as=NAME`: the archive in the body goes into the store, under the names in it or under
 * `as`. An extension in the place that the specification keeps for them; answers `{"images":[{"name":…,"digest":…}]}`.
 */
export async function loadRoute(call: Call): Promise<HttpResponse> {
  if (call.method !== 'POST') throw new RegistryError('UNSUPPORTED', { headers: { allow: 'POST' } });
  const as = call.query.get('as');
  try {
    const images = await loadArchive(call.context.store, call.request.body, as === null ? {} : { as });
    return replyJson(201, { images });
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    throw new RegistryError('MANIFEST_INVALID', { message: error.message, detail: { reason: error.code } });
  }
}

import type { HttpResponse } from '@keelson/base';
import { RegistryError } from '../errors/registry-error.ts';
import type { ImageStore } from '../store/image-store.ts';
import type { PullThrough } from '../upstream/pull-through.ts';
import type { RegistryRequest } from './access.ts';
import type { UploadSessions } from './upload-sessions.ts';

/** What the routes work on. */
export interface RegistryContext {
  readonly store: ImageStore;
  readonly uploads: UploadSessions;
  readonly pullThrough: PullThrough;
}

/** One request, read. */
export interface Call {
  readonly request: RegistryRequest;
  readonly method: string;
  readonly query: URLSearchParams;
  readonly context: RegistryContext;
}

export type Route = (call: Call, repository: string, item: string) => Promise<HttpResponse>;

/** The path of something in a repository, with the `ns` that the client came with. */
export function locationOf({ request, query }: Call, ending: string): string {
  const path = request.target.split('?')[0]!;
  const base = path.slice(0, path.search(/\/(?:manifests|blobs)\//));
  const host = query.get('ns');
  return `${base}${ending}${host === null ? '' : `?ns=${encodeURIComponent(host)}`}`;
}

/** The whole body, at most `limit` bytes. @throws RegistryError SIZE_INVALID with status 413 */
export async function readBody(request: RegistryRequest, limit: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of request.body) {
    size += piece.length;
    if (size > limit) throw new RegistryError('SIZE_INVALID', { status: 413, detail: { limit } });
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

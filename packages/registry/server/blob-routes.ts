import type { HttpResponse } from '@keelson/base';
import { RegistryError } from '../errors/registry-error.ts';
import { checkDigest } from '../names/digest.ts';
import { parseRange } from './byte-range.ts';
import type { Call } from './registry-context.ts';
import { reply } from './replies.ts';

async function get({ context, request, method }: Call, repository: string, digest: string): Promise<HttpResponse> {
  const headers: Record<string, string> = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    etag: `"${digest}"`,
    'accept-ranges': 'bytes',
  };
  if (method === 'HEAD') {
    const size = await context.pullThrough.blobSize(repository, digest);
    return reply(200, { ...headers, ...(size === undefined ? {} : { 'content-length': String(size) }) });
  }
  const blob = await context.pullThrough.blob(repository, digest);
  if (blob.size === undefined) return reply(200, headers, blob.read());
  const range = parseRange(request.headers.range, blob.size);
  if (!range) return reply(200, { ...headers, 'content-length': String(blob.size) }, blob.read());
  return reply(
    206,
    {
      ...headers,
      'content-length': String(range.end - range.start + 1),
      'content-range': `bytes ${range.start}-${range.end}/${blob.size}`,
    },
    blob.read(range),
  );
}

/** `/v2/<name>/blobs/<digest>` */
export async function blobRoute(call: Call, repository: string, item: string): Promise<HttpResponse> {
  const digest = checkDigest(item);
  switch (call.method) {
    case 'GET':
    case 'HEAD':
      return get(call, repository, digest);
    case 'DELETE':
      if (await call.context.store.unlinkBlob(repository, digest)) return reply(202);
      throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
    default:
      throw new RegistryError('UNSUPPORTED', { headers: { allow: 'GET, HEAD, DELETE' } });
  }
}

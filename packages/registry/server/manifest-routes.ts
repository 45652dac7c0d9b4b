import type { HttpResponse } from '@keelson/base';
import { RegistryError } from '../errors/registry-error.ts';
import { manifestLimit } from '../manifests/manifest.ts';
import { isDigest } from '../names/digest.ts';
import { isTag } from '../names/image-name.ts';
import { type Call, locationOf, readBody } from './registry-context.ts';
import { reply } from './replies.ts';

function checkReference(reference: string): void {
  if (isDigest(reference) || isTag(reference)) return;
  if (reference.includes(':')) {
    throw new RegistryError('DIGEST_INVALID', {
      message: 'invalid checksum digest format',
      detail: { digest: reference.slice(0, 200) },
    });
  }
  throw new RegistryError('TAG_INVALID', { detail: { tag: reference.slice(0, 200) } });
}

async function get({ context, request }: Call, repository: string, reference: string): Promise<HttpResponse> {
  checkReference(reference);
  const { digest, mediaType, bytes } = await context.pullThrough.manifest(repository, reference);
  const headers = { 'content-type': mediaType, 'docker-content-digest': digest, etag: `"${digest}"` };
  if (request.headers['if-none-match'] === headers.etag) return reply(304, headers);
  return reply(200, { ...headers, 'content-length': String(bytes.length) }, bytes);
}

async function put(call: Call, repository: string, reference: string): Promise<HttpResponse> {
  checkReference(reference);
  const bytes = await readBody(call.request, manifestLimit);
  const { digest, manifest } = await call.context.store.putManifest({
    repository,
    ...(isDigest(reference) ? { digest: reference } : { tag: reference }),
    mediaType: call.request.headers['content-type'] ?? '',
    bytes,
    origin: 'pushed',
    complete: true,
  });
  return reply(201, {
    location: locationOf(call, `/manifests/${digest}`),
    'docker-content-digest': digest,
    ...(manifest.subject ? { 'oci-subject': manifest.subject.digest } : {}),
  });
}

async function remove({ context }: Call, repository: string, reference: string): Promise<HttpResponse> {
  checkReference(reference);
  if (!(await context.store.deleteManifest(repository, reference))) {
    throw new RegistryError('MANIFEST_UNKNOWN', { detail: { name: repository, reference } });
  }
  return reply(202);
}

/** `/v2/<name>/manifests/<reference>` */
export async function manifestRoute(call: Call, repository: string, reference: string): Promise<HttpResponse> {
  switch (call.method) {
    case 'GET':
    case 'HEAD':
      return get(call, repository, reference);
    case 'PUT':
      return put(call, repository, reference);
    case 'DELETE':
      return remove(call, repository, reference);
    default:
      throw new RegistryError('UNSUPPORTED', { headers: { allow: 'GET, HEAD, PUT, DELETE' } });
  }
}

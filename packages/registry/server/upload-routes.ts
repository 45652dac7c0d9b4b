import type { HttpResponse } from '@keelson/base';
import { RegistryError } from '../errors/registry-error.ts';
import { checkDigest, isDigest } from '../names/digest.ts';
import { isRepositoryPath, repositoryName } from '../names/image-name.ts';
import { parseContentRange } from './byte-range.ts';
import { type Call, locationOf } from './registry-context.ts';
import { reply } from './replies.ts';
import type { UploadSession } from './upload-sessions.ts';

function progress(call: Call, status: number, { id, writer }: UploadSession): HttpResponse {
  return reply(status, {
    location: locationOf(call, `/blobs/uploads/${id}`),
    range: `0-${Math.max(0, writer.size - 1)}`,
    'docker-upload-uuid': id,
    'oci-chunk-min-length': '1',
  });
}

async function append({ request }: Call, session: UploadSession): Promise<void> {
  const before = session.writer.size;
  const announced = request.headers['content-length'];
  for await (const piece of request.body) await session.writer.write(piece);
  const received = session.writer.size - before;
  if (announced !== undefined && Number(announced) !== received) {
    throw new RegistryError('SIZE_INVALID', { detail: { announced, received } });
  }
}

async function finish(call: Call, session: UploadSession, digest: string): Promise<HttpResponse> {
  const { store, uploads } = call.context;
  try {
    await append(call, session);
    await session.writer.finish(digest);
    await store.linkBlob(session.repository, digest);
  } finally {
    await uploads.end(session);
  }
  return reply(201, { location: locationOf(call, `/blobs/${digest}`), 'docker-content-digest': digest });
}

/** Whether the other repository's blob could be given to this one. */
async function mount(call: Call, repository: string, digest: string): Promise<boolean> {
  const { store } = call.context;
  const from = call.query.get('from');
  if (!isDigest(digest) || from === null || !isRepositoryPath(from)) return false;
  const source = repositoryName(call.query.get('ns') ?? '', from);
  if ((await store.blobSize(source, digest)) === undefined) return false;
  return store.linkBlob(repository, digest);
}

/** `POST /v2/<name>/blobs/uploads/`: starts an upload, takes a blob in one request, or mounts one. */
export async function uploadsRoute(call: Call, repository: string): Promise<HttpResponse> {
  if (call.method !== 'POST') throw new RegistryError('UNSUPPORTED', { headers: { allow: 'POST' } });
  const { uploads } = call.context;
  const wanted = call.query.get('mount');
  if (wanted !== null && (await mount(call, repository, wanted))) {
    return reply(201, { location: locationOf(call, `/blobs/${wanted}`), 'docker-content-digest': wanted });
  }
  const digest = wanted === null ? call.query.get('digest') : null;
  if (digest !== null) checkDigest(digest);
  const session = await uploads.start(repository);
  return digest === null ? progress(call, 202, session) : uploads.use(session, () => finish(call, session, digest));
}

async function patch(call: Call, session: UploadSession): Promise<HttpResponse> {
  const range = parseContentRange(call.request.headers['content-range']);
  if (range && range.start !== session.writer.size) {
    const { location } = progress(call, 416, session).headers;
    throw new RegistryError('RANGE_INVALID', {
      headers: { location: location!, range: `0-${Math.max(0, session.writer.size - 1)}` },
      detail: { expected: session.writer.size, received: range.start },
    });
  }
  await append(call, session);
  return progress(call, 202, session);
}

async function put(call: Call, session: UploadSession): Promise<HttpResponse> {
  const digest = checkDigest(call.query.get('digest') ?? '');
  const range = parseContentRange(call.request.headers['content-range']);
  if (range && range.start !== session.writer.size) throw new RegistryError('RANGE_INVALID');
  return finish(call, session, digest);
}

/** `/v2/<name>/blobs/uploads/<id>` */
export async function uploadRoute(call: Call, repository: string, id: string): Promise<HttpResponse> {
  const { uploads } = call.context;
  const session = uploads.get(repository, id);
  switch (call.method) {
    case 'GET':
    case 'HEAD':
      return progress(call, 204, session);
    case 'PATCH':
      return uploads.use(session, () => patch(call, session));
    case 'PUT':
      return uploads.use(session, () => put(call, session));
    case 'DELETE':
      return uploads.use(session, async () => {
        await uploads.end(session);
        return reply(204);
      });
    default:
      throw new RegistryError('UNSUPPORTED', { headers: { allow: 'GET, PATCH, PUT, DELETE' } });
  }
}

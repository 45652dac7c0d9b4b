import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { SystemClock, virtualWorld } from '@keelson/base';
import { ociIndex } from './manifests/media-types.ts';
import { digestOf } from './names/digest.ts';
import type { RegistryOptions } from './registry.ts';
import type { RegistryHandler, RegistryRequest } from './server/access.ts';
import {
  makeImage,
  makeIndex,
  outcome,
  pushImage,
  pushManifest,
  startRegistry,
  type TestRegistry,
} from './suite/registry-fixture.ts';
import { nodeTransport } from './upstream/transport.ts';

/** An upstream that asks for tokens as public registries do, sends blobs from elsewhere, and can be told to misbehave. */
interface Upstream extends TestRegistry {
  /** `METHOD path` of each request that had a token, in order. */
  readonly asked: string[];
  readonly tokens: URLSearchParams[];
  /** Authorization headers that reached the place that blobs are redirected to. */
  readonly leaked: (string | undefined)[];
  interfere: ((request: RegistryRequest) => ReturnType<RegistryHandler> | undefined) | undefined;
}

async function startUpstream(): Promise<Upstream> {
  const asked: string[] = [];
  const tokens: URLSearchParams[] = [];
  const leaked: (string | undefined)[] = [];
  const tokenServer = createServer((request, response) => {
    const query = new URL(request.url!, 'http://x').searchParams;
    tokens.push(query);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ token: `for-${query.get('scope')}`, expires_in: 300 }));
  });
  await new Promise<void>((resolve) => tokenServer.listen(0, '127.0.0.1', resolve));
  const realm = `http://127.0.0.1:${(tokenServer.address() as AddressInfo).port}/token`;
  const wrap =
    (handler: RegistryHandler): RegistryHandler =>
    async (request) => {
      const read = request.method === 'GET' || request.method === 'HEAD';
      const name = /^\/v2\/(.+)\/(?:manifests|blobs)\//.exec(request.target)?.[1];
      if (!read || !name || request.headers['x-setup']) return handler(request);
      const scope = `repository:${name}:pull`;
      if (request.headers.authorization !== `Bearer for-${scope}`) {
        const challenge = `Bearer realm="${realm}",service="registry",scope="${scope}"`;
        return { status: 401, headers: { 'www-authenticate': challenge }, body: new Uint8Array(0) };
      }
      asked.push(`${request.method} ${request.target}`);
      const other = upstream.interfere?.(request);
      if (other) return other;
      if (!request.target.includes('/blobs/')) return handler(request);
      return { status: 307, headers: { location: `${contents.url}${request.target}` }, body: new Uint8Array(0) };
    };
  const server = await startRegistry({ wrap });
  const contents = await startRegistry({
    directory: server.directory,
    wrap: (handler) => (request) => {
      leaked.push(request.headers.authorization);
      return handler(request);
    },
  });
  const upstream: Upstream = {
    ...server,
    asked,
    tokens,
    leaked,
    interfere: undefined,
    [Symbol.asyncDispose]: async () => {
      tokenServer.close();
      tokenServer.closeAllConnections();
      await contents[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
  return upstream;
}

async function startCache(upstreamUrl: string, options: Partial<RegistryOptions> = {}) {
  const world = virtualWorld('pull-through');
  const { send, close } = nodeTransport(new SystemClock(), { connect: 2000, silence: 5000 });
  const server = await startRegistry({
    world,
    transport: send,
    upstreams: { 'docker.io': { url: upstreamUrl } },
    ...options,
  });
  return {
    ...server,
    world,
    manifest: (reference: string, path = 'library/nginx', init: RequestInit = {}) =>
      fetch(`${server.url}/v2/${path}/manifests/${reference}?ns=docker.io`, init),
    blob: (digest: string, headers: Record<string, string> = {}) =>
      fetch(`${server.url}/v2/library/nginx/blobs/${digest}?ns=docker.io`, { headers }),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      close();
    },
  };
}

test('an image is fetched once, with a token, and its blobs from elsewhere without one', async () => {
  await using upstream = await startUpstream();
  await using cache = await startCache(upstream.url);
  const image = makeImage('x'.repeat(300_000));
  await pushImage(upstream.url, 'library/nginx', '1.21', image);
  for (let round = 0; round < 2; round++) {
    const head = await cache.manifest('1.21', undefined, { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('docker-content-digest')], [200, image.digest]);
    const manifest = await cache.manifest(image.digest);
    assert.deepEqual(Buffer.from(await manifest.arrayBuffer()), Buffer.from(image.manifest));
    for (const blob of image.blobs) {
      const response = await cache.blob(digestOf(blob));
      assert.equal(response.headers.get('content-length'), String(blob.length));
      assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.from(blob));
    }
  }
  assert.deepEqual(upstream.asked, [
    'GET /v2/library/nginx/manifests/1.21',
    ...image.blobs.map((blob) => `GET /v2/library/nginx/blobs/${digestOf(blob)}`),
  ]);
  assert.deepEqual(
    upstream.tokens.map(String),
    ['service=registry&scope=repository%3Alibrary%2Fnginx%3Apull'],
    'one token serves them all',
  );
  assert.deepEqual(upstream.leaked, [undefined, undefined]);
  const path = await fetch(`${cache.url}/v2/docker.io/nginx/manifests/1.21`, { method: 'HEAD' });
  assert.equal(path.headers.get('docker-content-digest'), image.digest, 'the same image, named in the path');
});

test('clients who ask for a blob while it comes share one download', async () => {
  await using upstream = await startUpstream();
  await using cache = await startCache(upstream.url);
  const blob = Buffer.alloc(400_000, 'abc');
  const digest = digestOf(blob);
  const gate = Promise.withResolvers<void>();
  upstream.interfere = ({ target }) =>
    target.includes('/blobs/')
      ? Promise.resolve({
          status: 200,
          headers: { 'content-length': String(blob.length) },
          body: (async function* () {
            yield blob.subarray(0, 150_000);
            await gate.promise;
            yield blob.subarray(150_000);
          })(),
        })
      : undefined;
  const whole = await cache.blob(digest);
  const part = await cache.blob(digest, { range: 'bytes=100000-299999' });
  const reader = part.body!.getReader();
  const { value } = await reader.read();
  assert.ok(value && value.length > 0, 'bytes arrive before the download ends');
  gate.resolve();
  let got = value.length;
  for (let next = await reader.read(); !next.done; next = await reader.read()) got += next.value.length;
  assert.deepEqual([part.status, part.headers.get('content-range'), got], [206, 'bytes 100000-299999/400000', 200_000]);
  assert.deepEqual(Buffer.from(await whole.arrayBuffer()), blob);
  assert.equal(upstream.asked.length, 1);
});

test('a blob that is not what its digest says never arrives whole and is not kept', async () => {
  await using upstream = await startUpstream();
  await using cache = await startCache(upstream.url);
  const digest = digestOf(Buffer.from('what was asked for'));
  upstream.interfere = () =>
    Promise.resolve({ status: 200, headers: { 'content-length': '5' }, body: Buffer.from('wrong') });
  const response = await cache.blob(digest);
  await assert.rejects(response.arrayBuffer());
  assert.equal(await cache.registry.store.files.size(digest), undefined);
  assert.equal(cache.registry.store.files.used, 0);
  const manifest = await cache.manifest(digest);
  assert.equal(manifest.status, 502);
});

test('a tag is looked up again when its time is over, and moves with its registry', async () => {
  await using upstream = await startUpstream();
  await using cache = await startCache(upstream.url, { tagFreshness: 60_000 });
  const [first, second] = [makeImage('one'), makeImage('two')];
  const tagNow = async () => (await cache.manifest('latest')).headers.get('docker-content-digest');
  await pushImage(upstream.url, 'library/nginx', 'latest', first);
  assert.equal(await tagNow(), first.digest);
  await pushImage(upstream.url, 'library/nginx', 'latest', second);
  assert.equal(await tagNow(), first.digest, 'still fresh');
  await cache.world.clock.advance(61_000);
  assert.equal(await tagNow(), second.digest);
  await cache.world.clock.advance(61_000);
  upstream.asked.length = 0;
  assert.equal(await tagNow(), second.digest);
  assert.equal(await tagNow(), second.digest);
  assert.deepEqual(
    upstream.asked,
    ['HEAD /v2/library/nginx/manifests/latest'],
    'unchanged: one HEAD, then fresh again',
  );
});

test('a stale tag is served while its registry is away, limits, or fails; a deleted one is not', async () => {
  await using upstream = await startUpstream();
  await using cache = await startCache(upstream.url, { tagFreshness: 1000 });
  const image = makeImage('kept');
  await pushImage(upstream.url, 'library/nginx', 'latest', image);
  await cache.manifest('latest');
  for (const status of [500, 429, 403]) {
    await cache.world.clock.advance(3600_000);
    upstream.interfere = () => Promise.resolve({ status, headers: {}, body: new Uint8Array(0) });
    assert.equal((await cache.manifest('latest')).status, 200, String(status));
  }
  await cache.world.clock.advance(3600_000);
  upstream.interfere = () => Promise.resolve({ status: 404, headers: {}, body: new Uint8Array(0) });
  assert.deepEqual(await outcome(await cache.manifest('latest')), [404, 'MANIFEST_UNKNOWN']);
});

test('an upstream that is away is asked again only after a while, and others are told at once', async () => {
  await using upstream = await startUpstream();
  let attempts = 0;
  const { send, close } = nodeTransport(new SystemClock());
  await using cache = await startCache(upstream.url, {
    transport: (request) => {
      attempts += 1;
      if (attempts === 1) return send({ ...request, url: new URL('http://127.0.0.1:1/') });
      return send(request);
    },
  });
  const image = makeImage('late');
  await pushImage(upstream.url, 'library/nginx', '1.21', image);
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await outcome(await cache.manifest('1.21')), [503, 'UNAVAILABLE']);
  }
  assert.equal(attempts, 1);
  await cache.world.clock.advance(5001);
  assert.equal((await cache.manifest('1.21')).status, 200);
  close();
});

test('a registry that limits requests is left alone for as long as it asks', async () => {
  await using upstream = await startUpstream();
  await using cache = await startCache(upstream.url);
  upstream.interfere = () =>
    Promise.resolve({ status: 429, headers: { 'retry-after': '120' }, body: new Uint8Array(0) });
  const first = await cache.manifest('1.21');
  assert.deepEqual([first.headers.get('retry-after'), await outcome(first)], ['120', [429, 'TOOMANYREQUESTS']]);
  assert.deepEqual(await outcome(await cache.manifest('1.21')), [429, 'TOOMANYREQUESTS']);
  assert.equal(upstream.asked.length, 1);
  upstream.interfere = undefined;
  await pushImage(upstream.url, 'library/nginx', '1.21', makeImage('x'));
  await cache.world.clock.advance(121_000);
  assert.equal((await cache.manifest('1.21')).status, 200);
});

test('what an upstream does not have is not asked for again at once', async () => {
  await using upstream = await startUpstream();
  await using cache = await startCache(upstream.url);
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await outcome(await cache.manifest('nope')), [404, 'MANIFEST_UNKNOWN']);
    assert.deepEqual(await outcome(await cache.blob(digestOf(Buffer.from('nope')))), [404, 'BLOB_UNKNOWN']);
  }
  assert.equal(upstream.asked.length, 2);
});

test('a repository that upstream refuses is denied here', async () => {
  await using upstream = await startUpstream();
  await using cache = await startCache(upstream.url);
  upstream.interfere = () => Promise.resolve({ status: 401, headers: {}, body: new Uint8Array(0) });
  assert.deepEqual(await outcome(await cache.manifest('1', 'private/app')), [403, 'DENIED']);
  const unknown = await fetch(`${cache.url}/v2/a/manifests/b?ns=registry.example.com`);
  assert.deepEqual(await outcome(unknown), [404, 'NAME_UNKNOWN']);
});

test('an index of several platforms is kept, and only the images that are asked for', async () => {
  await using upstream = await startUpstream();
  await using cache = await startCache(upstream.url);
  const images = [makeImage('amd64'), makeImage('arm64')];
  for (const image of images) await pushImage(upstream.url, 'library/nginx', image.digest, image);
  const index = makeIndex(images);
  await pushManifest(upstream.url, 'library/nginx', '1.21', index.bytes, ociIndex);
  const response = await cache.manifest('1.21');
  assert.deepEqual(
    [response.headers.get('content-type'), response.headers.get('docker-content-digest')],
    [ociIndex, index.digest],
  );
  assert.equal((await cache.manifest(images[0]!.digest)).status, 200);
  assert.deepEqual(upstream.asked, [
    'GET /v2/library/nginx/manifests/1.21',
    `GET /v2/library/nginx/manifests/${images[0]!.digest}`,
  ]);
});

test('cached images make room for new ones, loaded images stay', async () => {
  await using upstream = await startUpstream();
  await using cache = await startCache(upstream.url, { storageQuotaBytes: 25_000 });
  const pull = async (tag: string, image: ReturnType<typeof makeImage>) => {
    await pushImage(upstream.url, 'library/nginx', tag, image);
    const manifest = await cache.manifest(tag);
    const blobs = [];
    for (const blob of image.blobs) blobs.push((await cache.blob(digestOf(blob))).arrayBuffer());
    return [manifest.status, (await Promise.all(blobs)).length];
  };
  await pushImage(cache.url, 'own', 'v1', makeImage(Buffer.alloc(8_000, 'own')));
  assert.deepEqual(await pull('one', makeImage(Buffer.alloc(8_000, 'one'))), [200, 2]);
  await cache.world.clock.advance(2 * 3600_000);
  assert.deepEqual(await pull('two', makeImage(Buffer.alloc(12_000, 'two'))), [200, 2]);
  assert.equal(await cache.registry.store.tag('docker.io/library/nginx', 'one'), undefined);
  assert.equal((await fetch(`${cache.url}/v2/own/manifests/v1`)).status, 200);
  assert.ok(cache.registry.store.files.used <= 25_000);
});

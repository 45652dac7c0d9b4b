import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ociIndex, ociManifest } from './manifests/media-types.ts';
import { digestOf } from './names/digest.ts';
import { readOnly } from './server/access.ts';
import {
  json,
  makeImage,
  makeIndex,
  outcome,
  pushBlob,
  pushImage,
  pushManifest,
  startRegistry,
} from './suite/registry-fixture.ts';

test('an image that was pushed is pulled by tag and by digest', async () => {
  await using server = await startRegistry();
  const { url } = server;
  const image = makeImage('a layer');
  await pushImage(url, 'team/app', 'v1', image);
  for (const reference of ['v1', image.digest]) {
    const response = await fetch(`${url}/v2/team/app/manifests/${reference}`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), ociManifest);
    assert.equal(response.headers.get('docker-content-digest'), image.digest);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.from(image.manifest));
    const head = await fetch(`${url}/v2/team/app/manifests/${reference}`, { method: 'HEAD' });
    assert.deepEqual(
      [head.status, head.headers.get('content-length'), await head.text()],
      [200, String(image.manifest.length), ''],
    );
  }
  for (const blob of image.blobs) {
    const response = await fetch(`${url}/v2/team/app/blobs/${digestOf(blob)}`);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.from(blob));
  }
  const version = await fetch(`${url}/v2/`);
  assert.deepEqual([version.status, version.headers.get('docker-distribution-api-version')], [200, 'registry/2.0']);
});

test('a blob is read in ranges', async () => {
  await using server = await startRegistry();
  const blob = Buffer.from('0123456789');
  await pushBlob(server.url, 'a', blob);
  const ask = async (range: string): Promise<unknown[]> => {
    const response = await fetch(`${server.url}/v2/a/blobs/${digestOf(blob)}`, { headers: { range } });
    return [response.status, response.headers.get('content-range'), response.ok ? await response.text() : ''];
  };
  assert.deepEqual(await ask('bytes=2-4'), [206, 'bytes 2-4/10', '234']);
  assert.deepEqual(await ask('bytes=7-'), [206, 'bytes 7-9/10', '789']);
  assert.deepEqual(await ask('bytes=-3'), [206, 'bytes 7-9/10', '789']);
  assert.deepEqual(await ask('bytes=8-99'), [206, 'bytes 8-9/10', '89']);
  assert.deepEqual(await ask('bytes=10-'), [416, 'bytes */10', '']);
  assert.deepEqual(await ask('bytes=4-2'), [200, null, '0123456789']);
  assert.deepEqual(await ask('lines=1-2'), [200, null, '0123456789']);
});

test('an upload goes in pieces, which must follow one another', async () => {
  await using server = await startRegistry();
  const { url } = server;
  const start = await fetch(`${url}/v2/a/blobs/uploads/`, { method: 'POST' });
  assert.equal(start.status, 202);
  const location = url + start.headers.get('location');
  const patch = (range: string, body: string) =>
    fetch(location, { method: 'PATCH', headers: { 'content-range': range }, body });
  const first = await patch('0-4', 'hello');
  assert.deepEqual([first.status, first.headers.get('range')], [202, '0-4']);
  const wrong = await patch('9-10', 'no');
  assert.deepEqual([wrong.headers.get('range'), await outcome(wrong)], ['0-4', [416, 'RANGE_INVALID']]);
  const status = await fetch(location);
  assert.deepEqual([status.status, status.headers.get('range')], [204, '0-4']);
  await patch('5-5', ' ');
  const digest = digestOf(Buffer.from('hello world'));
  const end = await fetch(`${location}?digest=${digest}`, { method: 'PUT', body: 'world' });
  assert.deepEqual([end.status, end.headers.get('docker-content-digest')], [201, digest]);
  assert.equal(await (await fetch(url + end.headers.get('location'))).text(), 'hello world');
  assert.deepEqual(await outcome(await fetch(location)), [404, 'BLOB_UPLOAD_UNKNOWN']);
});

test('content that is not what its digest says is refused and leaves nothing behind', async () => {
  await using server = await startRegistry();
  const digest = digestOf(Buffer.from('other'));
  const response = await fetch(`${server.url}/v2/a/blobs/uploads/?digest=${digest}`, { method: 'POST', body: 'this' });
  assert.deepEqual(await outcome(response), [400, 'DIGEST_INVALID']);
  assert.deepEqual(await readdir(join(server.directory, 'staging')), []);
  assert.equal(server.registry.store.files.used, 0);
  const image = makeImage('x');
  assert.deepEqual(await outcome(await pushManifest(server.url, 'a', digest, image.manifest)), [400, 'DIGEST_INVALID']);
});

test('a blob is mounted from another repository, or an upload starts where it cannot be', async () => {
  await using server = await startRegistry();
  const { url } = server;
  const blob = Buffer.from('shared');
  const digest = digestOf(blob);
  await pushBlob(url, 'one', blob);
  assert.deepEqual(await outcome(await fetch(`${url}/v2/two/blobs/${digest}`)), [404, 'BLOB_UNKNOWN']);
  const mount = (from: string) =>
    fetch(`${url}/v2/two/blobs/uploads/?mount=${digest}&from=${from}`, { method: 'POST' });
  assert.equal((await mount('three')).status, 202);
  const mounted = await mount('one');
  assert.deepEqual([mounted.status, mounted.headers.get('location')], [201, `/v2/two/blobs/${digest}`]);
  assert.equal(await (await fetch(`${url}/v2/two/blobs/${digest}`)).text(), 'shared');
});

test('tags, repositories and referrers are listed', async () => {
  await using server = await startRegistry();
  const { url } = server;
  const image = makeImage('base');
  for (const tag of ['b', 'a', 'c']) await pushImage(url, 'team/app', tag, image);
  assert.deepEqual(await (await fetch(`${url}/v2/team/app/tags/list`)).json(), {
    name: 'team/app',
    tags: ['a', 'b', 'c'],
  });
  const page = await fetch(`${url}/v2/team/app/tags/list?n=2`);
  assert.equal(page.headers.get('link'), '</v2/team/app/tags/list?n=2&last=b>; rel="next"');
  assert.deepEqual(await (await fetch(`${url}/v2/team/app/tags/list?n=2&last=b`)).json(), {
    name: 'team/app',
    tags: ['c'],
  });
  assert.deepEqual(await (await fetch(`${url}/v2/_catalog`)).json(), { repositories: ['team/app'] });
  assert.deepEqual(await outcome(await fetch(`${url}/v2/none/tags/list`)), [404, 'NAME_UNKNOWN']);
  assert.deepEqual(await outcome(await fetch(`${url}/v2/team/app/tags/list?n=x`)), [400, 'PAGINATION_NUMBER_INVALID']);

  const none = await fetch(`${url}/v2/team/app/referrers/${image.digest}`);
  assert.deepEqual([none.headers.get('content-type'), (await json(none)).manifests], [ociIndex, []]);
  const signature = makeImage('signature', {
    artifactType: 'application/example',
    subject: { mediaType: ociManifest, digest: image.digest, size: image.manifest.length },
  });
  for (const blob of signature.blobs) await pushBlob(url, 'team/app', blob);
  const pushed = await pushManifest(url, 'team/app', signature.digest, signature.manifest);
  assert.deepEqual([pushed.status, pushed.headers.get('oci-subject')], [201, image.digest]);
  const filtered = await fetch(`${url}/v2/team/app/referrers/${image.digest}?artifactType=application/example`);
  assert.equal(filtered.headers.get('oci-filters-applied'), 'artifactType');
  assert.deepEqual(
    (await json(filtered)).manifests.map(({ digest, artifactType }: any) => [digest, artifactType]),
    [[signature.digest, 'application/example']],
  );
});

test('a manifest is refused while what it refers to is missing, or when it is none', async () => {
  await using server = await startRegistry();
  const { url } = server;
  const image = makeImage('layer');
  const push = async (bytes: string | Uint8Array, type?: string) =>
    outcome(await pushManifest(url, 'a', 'v1', Buffer.from(bytes as string), type));
  assert.deepEqual(await push(image.manifest), [400, 'MANIFEST_BLOB_UNKNOWN']);
  assert.deepEqual(await push(makeIndex([image]).bytes, ociIndex), [400, 'MANIFEST_BLOB_UNKNOWN']);
  assert.deepEqual(await push('no json'), [400, 'MANIFEST_INVALID']);
  assert.deepEqual(await push('{"schemaVersion":1}'), [400, 'MANIFEST_INVALID']);
  assert.deepEqual(await push(image.manifest, ociIndex), [400, 'MANIFEST_INVALID']);
  assert.deepEqual(await push(Buffer.alloc(4 * 1024 * 1024 + 1, 32)), [413, 'SIZE_INVALID']);
});

test('bad names, tags, digests and methods get their codes', async () => {
  await using server = await startRegistry();
  const ask = async (path: string, method = 'GET') => outcome(await fetch(server.url + path, { method }));
  assert.deepEqual(await ask('/v2/UPPER/manifests/v1'), [400, 'NAME_INVALID']);
  assert.deepEqual(await ask(`/v2/${'a/'.repeat(150)}a/manifests/v1`), [400, 'NAME_INVALID']);
  assert.deepEqual(await ask('/v2/a/manifests/v1?ns=bad%20host'), [400, 'NAME_INVALID']);
  assert.deepEqual(await ask('/v2/a/manifests/-v'), [400, 'TAG_INVALID']);
  assert.deepEqual(await ask('/v2/a/manifests/sha256:12'), [400, 'DIGEST_INVALID']);
  assert.deepEqual(await ask('/v2/a/blobs/..%2F..%2Fetc'), [400, 'DIGEST_INVALID']);
  assert.deepEqual(await ask('/v2/a/manifests/v1'), [404, 'NAME_UNKNOWN']);
  assert.deepEqual(await ask('/v2/a/manifests/v1', 'POST'), [405, 'UNSUPPORTED']);
  assert.deepEqual(await ask('/v2/a/tags/list', 'DELETE'), [405, 'UNSUPPORTED']);
  assert.deepEqual(await ask('/elsewhere'), [404, 'UNSUPPORTED']);
  assert.deepEqual(await ask(`/v2/a/blobs/${digestOf(Buffer.from('none'))}`), [404, 'BLOB_UNKNOWN']);
});

test('a registry for nodes takes no writes', async () => {
  await using server = await startRegistry({ authorize: readOnly });
  const upload = '/v2/library/nginx/blobs/uploads/?ns=docker.io';
  assert.deepEqual(await outcome(await fetch(server.url + upload, { method: 'POST' })), [403, 'DENIED']);
  assert.deepEqual(await outcome(await pushBlob(server.url, 'a', Buffer.from('x'))), [403, 'DENIED']);
  const remove = await fetch(`${server.url}/v2/a/manifests/v1`, { method: 'DELETE' });
  assert.deepEqual(await outcome(remove), [403, 'DENIED']);
});

test('what is deleted is gone at once, and its bytes with the next collection', async () => {
  await using server = await startRegistry();
  const { url, registry } = server;
  const image = makeImage('to go');
  const other = makeImage('to stay');
  await pushImage(url, 'a', 'v1', image);
  await pushImage(url, 'a', 'v2', other);
  await pushBlob(url, 'a', Buffer.from('an upload without a manifest'));
  assert.equal((await fetch(`${url}/v2/a/manifests/${image.digest}`, { method: 'DELETE' })).status, 202);
  assert.deepEqual(await outcome(await fetch(`${url}/v2/a/manifests/v1`)), [404, 'MANIFEST_UNKNOWN']);
  assert.deepEqual(await registry.collectGarbage(), { blobs: 0, bytes: 0 }, 'the young are left alone');
  const before = registry.store.files.used;
  const collected = await registry.collectGarbage(-1000);
  assert.deepEqual([collected.blobs, registry.store.files.used], [4, before - collected.bytes]);
  assert.equal((await fetch(`${url}/v2/a/manifests/v2`)).status, 200);
  assert.equal((await fetch(`${url}/v2/a/blobs/${digestOf(other.blobs[1]!)}`)).status, 200);
});

test('images survive the process, in files that only their owner reads', async () => {
  await using first = await startRegistry();
  const image = makeImage('kept');
  await pushImage(first.url, 'a', '__proto__', image);
  await using second = await startRegistry({ directory: first.directory });
  const response = await fetch(`${second.url}/v2/a/manifests/__proto__`);
  assert.equal(response.headers.get('docker-content-digest'), image.digest);
  for (const entry of await readdir(first.directory, { recursive: true, withFileTypes: true })) {
    const { mode } = await stat(join(entry.parentPath, entry.name));
    assert.equal(mode & 0o077, 0, entry.name);
  }
  assert.equal(second.registry.store.files.used, first.registry.store.files.used);
});

test('the quota holds, and says its name', async () => {
  await using server = await startRegistry({ storageQuotaBytes: 1000 });
  assert.equal((await pushBlob(server.url, 'a', Buffer.alloc(900))).status, 201);
  const response = await pushBlob(server.url, 'a', Buffer.alloc(200, 1));
  const { errors } = await json(response);
  assert.deepEqual([response.status, errors[0].code, errors[0].detail.limit], [403, 'DENIED', 'storageQuotaBytes']);
  assert.equal(server.registry.store.files.used, 900);
});

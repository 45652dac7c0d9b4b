import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { systemWorld } from '@keelson/base';
import { ociIndex, ociLayer, ociLayerGzip, ociManifest } from '../manifests/media-types.ts';
import { digestOf, hexOf } from '../names/digest.ts';
import { ImageStore } from '../store/image-store.ts';
import {
  json,
  makeImage,
  makeIndex,
  outcome,
  startRegistry,
  type TestImage,
  temporaryFolder,
} from '../suite/registry-fixture.ts';
import { ArchiveError } from './archive-error.ts';
import { type LoadOptions, loadArchive } from './load-archive.ts';
import { type TarFile, TarWriter } from './tar-writer.ts';
import { writeLayoutArchive } from './write-layout.ts';

type Entry = Partial<TarFile> & { readonly name: string; readonly content?: string | Uint8Array };

async function tar(entries: readonly Entry[]): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const writer = new TarWriter(async (bytes) => void pieces.push(bytes));
  for (const { content, ...entry } of entries) {
    const body = Buffer.from((content ?? '') as string);
    await writer.add({ type: 'file', mode: 0o644, size: body.length, ...entry }, body);
  }
  await writer.finish();
  return Buffer.concat(pieces);
}

const blobEntry = (bytes: Uint8Array): Entry => ({ name: `blobs/sha256/${hexOf(digestOf(bytes))}`, content: bytes });

function layout(images: readonly [TestImage, string?][]): Entry[] {
  const manifests = images.map(([{ digest, manifest }, name]) => ({
    mediaType: ociManifest,
    digest,
    size: manifest.length,
    ...(name ? { annotations: { 'io.containerd.image.name': name } } : {}),
  }));
  return [
    { name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
    { name: 'index.json', content: JSON.stringify({ schemaVersion: 2, manifests }) },
    ...images.flatMap(([image]) => [...image.blobs, image.manifest].map(blobEntry)),
  ];
}

async function* inPieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function withStore<T>(work: (store: ImageStore, folder: string) => Promise<T>): Promise<T> {
  await using folder = await temporaryFolder();
  return await work(
    await ImageStore.open({ directory: join(folder.path, 'store'), world: systemWorld() }),
    folder.path,
  );
}

const load = (bytes: Uint8Array, options?: LoadOptions) =>
  withStore((store) => loadArchive(store, inPieces(bytes), options));

async function refusal(bytes: Uint8Array, options?: LoadOptions): Promise<string> {
  try {
    await load(bytes, options);
  } catch (error) {
    if (error instanceof ArchiveError) return error.code;
    throw error;
  }
  return 'loaded';
}

test('an OCI layout is loaded plain, gzipped and with zstd, under its names or another', async () => {
  const [one, two] = [makeImage('x'.repeat(5000)), makeImage('two')];
  const plain = await tar(
    layout([
      [one, 'docker.io/library/one:1'],
      [two, 'registry.k8s.io/two:2'],
    ]),
  );
  const expected = [
    { name: 'docker.io/library/one:1', digest: one.digest },
    { name: 'registry.k8s.io/two:2', digest: two.digest },
  ];
  for (const bytes of [plain, gzipSync(plain), zstdCompressSync(plain)]) assert.deepEqual(await load(bytes), expected);
  const single = await tar(layout([[one]]));
  assert.deepEqual(await load(single, { as: 'nginx:1.21' }), [
    { name: 'docker.io/library/nginx:1.21', digest: one.digest },
  ]);
  assert.equal(await refusal(single), 'NameNeeded');
  assert.equal(await refusal(plain, { as: 'both' }), 'NameNeeded');
});

test('what was loaded is served under its name without any network', async () => {
  await using server = await startRegistry({ upstreams: { 'docker.io': { url: 'http://127.0.0.1:1' } } });
  const image = makeImage('a page');
  const body = await tar(layout([[image, 'docker.io/library/nginx:1.21']]));
  const post = (as: string, bytes: Buffer) =>
    fetch(`${server.url}/v2/_keelson/images/load${as}`, { method: 'POST', body: Buffer.from(bytes) });
  const loaded = await post('', body);
  assert.deepEqual(
    [loaded.status, await json(loaded)],
    [201, { images: [{ name: 'docker.io/library/nginx:1.21', digest: image.digest }] }],
  );
  const manifest = await fetch(`${server.url}/v2/library/nginx/manifests/1.21?ns=docker.io`);
  assert.equal(manifest.headers.get('docker-content-digest'), image.digest);
  const blob = await fetch(`${server.url}/v2/library/nginx/blobs/${digestOf(image.blobs[1]!)}?ns=docker.io`);
  assert.equal(await blob.text(), 'a page');
  assert.deepEqual(await outcome(await post('?as=BAD', body)), [400, 'NAME_INVALID']);
  assert.deepEqual(await outcome(await post('', Buffer.from('no archive'))), [400, 'MANIFEST_INVALID']);
});

test('an index is loaded with the platforms that the archive carries', async () => {
  const [amd64, arm64] = [makeImage('amd64'), makeImage('arm64')];
  const index = makeIndex([amd64, arm64]);
  const top = { mediaType: ociIndex, digest: index.digest, size: index.bytes.length };
  const entries = (images: readonly TestImage[]): Entry[] => [
    { name: 'index.json', content: JSON.stringify({ schemaVersion: 2, manifests: [top] }) },
    blobEntry(index.bytes),
    ...images.flatMap((image) => [...image.blobs, image.manifest].map(blobEntry)),
  ];
  assert.deepEqual(await load(await tar(entries([amd64])), { as: 'a.example/b:c' }), [
    { name: 'a.example/b:c', digest: index.digest },
  ]);
  assert.equal(await refusal(await tar(entries([])), { as: 'a' }), 'Incomplete');
});

test('what "docker save" writes is loaded, with links between layers', async () => {
  const layer = await tar([{ name: 'file', content: 'hello' }]);
  const packed = gzipSync(layer);
  const id = digestOf(layer);
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [id, id, id] },
  });
  const item = { Config: 'c.json', RepoTags: ['app:1', 'app:2'], Layers: ['a/layer.tar', 'b/layer.tar', 'd.tar.gz'] };
  const entries: Entry[] = [
    { name: 'a', type: 'directory' },
    { name: 'a/layer.tar', content: layer },
    { name: 'b/layer.tar', type: 'symlink', linkName: '../a/layer.tar' },
    { name: 'd.tar.gz', content: packed },
    { name: 'c.json', content: config },
    { name: 'manifest.json', content: JSON.stringify([item]) },
  ];
  await withStore(async (store) => {
    const loaded = await loadArchive(store, inPieces(await tar(entries)));
    assert.deepEqual(
      loaded.map(({ name }) => name),
      ['docker.io/library/app:1', 'docker.io/library/app:2'],
    );
    const found = await store.manifest('docker.io/library/app', '2');
    const { layers } = JSON.parse(Buffer.from(found!.bytes).toString());
    assert.deepEqual(
      layers.map(({ mediaType, digest }: any) => [mediaType, digest]),
      [
        [ociLayer, id],
        [ociLayer, id],
        [ociLayerGzip, digestOf(packed)],
      ],
    );
  });
  const wrong = entries.map((entry) => (entry.name === 'a/layer.tar' ? { ...entry, content: 'other' } : entry));
  assert.equal(await refusal(await tar(wrong)), 'DigestMismatch');
  const without = entries.filter(({ name }) => name !== 'a/layer.tar');
  assert.equal(await refusal(await tar(without)), 'Incomplete');
});

test('hostile and damaged archives are refused, each with its reason', async () => {
  const image = makeImage('layer');
  const good = layout([[image, 'a:1']]);
  const archive = await tar(good);
  const add = async (...entries: Entry[]) => refusal(await tar([...entries, ...good]));
  assert.equal(await refusal(archive), 'loaded');
  assert.equal(await add({ name: '../../etc/passwd', content: 'x' }), 'UnsafePath');
  assert.equal(await add({ name: '/etc/passwd', content: 'x' }), 'UnsafePath');
  assert.equal(await add({ name: 'l', type: 'symlink', linkName: '../../etc/shadow' }), 'UnsafePath');
  assert.equal(await add({ name: 'l', type: 'symlink', linkName: '/etc/shadow' }), 'UnsafePath');
  assert.equal(await add({ name: `blobs/sha256/${'0'.repeat(64)}`, content: 'x' }), 'DigestMismatch');
  assert.equal(await add({ name: 'n'.repeat(2_000_000), content: '' }), 'TooLarge');
  assert.equal(await add({ name: 'manifest.json', content: Buffer.alloc(5_000_000) }), 'TooLarge');
  assert.equal(await refusal(await tar(good.slice(0, -1))), 'Incomplete');
  assert.equal(await refusal(archive.subarray(0, archive.length - 2000)), 'Truncated');
  assert.equal(await refusal(gzipSync(archive).subarray(0, -20)), 'Truncated');
  assert.equal(await refusal(Buffer.concat([gzipSync(archive).subarray(0, 100), Buffer.alloc(200, 7)])), 'Damaged');
  assert.equal(await refusal(Buffer.alloc(4096, 'nonsense')), 'Damaged');
  assert.equal(await refusal(Buffer.alloc(0)), 'NotAnImageArchive');
  assert.equal(await refusal(await tar([{ name: 'readme', content: 'hi' }])), 'NotAnImageArchive');
  assert.equal(await refusal(await tar([{ name: 'index.json', content: '{"manifests":7}' }])), 'Damaged');
  assert.equal(await refusal(await tar([{ name: 'manifest.json', content: '[{"Config":1}]' }])), 'Damaged');
  assert.equal(await refusal(gzipSync(Buffer.alloc(3_000_000)), { limit: 1_000_000 }), 'TooLarge');
});

test('any byte of an archive may be wrong without more than a refusal', async () => {
  const archive = await tar(layout([[makeImage('x'), 'a:1']]));
  const outcomes = new Set<string>();
  for (let at = 0; at < archive.length; at += 137) {
    const damaged = Buffer.from(archive);
    damaged[at] = damaged[at]! ^ 0x5a;
    try {
      await load(damaged);
      outcomes.add('loaded');
    } catch (error) {
      assert.match((error as Error).name, /^(ArchiveError|RegistryError)$/, `byte ${at}: ${error}`);
      outcomes.add('refused');
    }
  }
  assert.ok(outcomes.has('refused'));
});

test('an archive that was written here is read here, and equal inputs make equal files', async () => {
  await withStore(async (store, folder) => {
    const image = makeImage('content');
    const blobs = [...image.blobs, image.manifest].map((content) => ({
      digest: digestOf(content),
      size: content.length,
      content,
    }));
    const named = [
      { name: 'registry.k8s.io/pause:3.10', mediaType: ociManifest, digest: image.digest, size: image.manifest.length },
    ];
    const paths = [join(folder, 'one.tar'), join(folder, 'two.tar')];
    await writeLayoutArchive(paths[0]!, named, blobs);
    await writeLayoutArchive(paths[1]!, named, blobs.toReversed());
    assert.deepEqual(await readFile(paths[0]!), await readFile(paths[1]!));
    assert.deepEqual(await loadArchive(store, paths[0]!), [
      { name: 'registry.k8s.io/pause:3.10', digest: image.digest },
    ]);
  });
});

test('an image that is loaded anew under its name replaces the old one, whose bytes go with the next collection', async () => {
  await using server = await startRegistry();
  const { store } = server.registry;
  const [old, fresh] = [makeImage('x'.repeat(10_000)), makeImage('fresh')];
  const known = makeImage('known by its digest');
  await loadArchive(store, inPieces(await tar(layout([[old, 'a:1']]))));
  await loadArchive(store, inPieces(await tar(layout([[fresh, 'a:1']]))));
  await loadArchive(store, inPieces(await tar(layout([[known]]))), { as: `a@${known.digest}` });
  await server.registry.collectGarbage(-1000);
  assert.equal(await store.manifest('docker.io/library/a', old.digest), undefined);
  assert.equal((await store.manifest('docker.io/library/a', '1'))?.digest, fresh.digest);
  assert.equal((await store.manifest('docker.io/library/a', known.digest))?.digest, known.digest);
  assert.ok(store.files.used < 10_000);
});

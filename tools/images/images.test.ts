import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { silentLog, systemWorld } from '@keelson/base';
import { createRegistry, listen, loadArchive, type Registry, type RegistryListener } from '@keelson/registry';
import { type BuiltImage, buildImages } from './build-images.ts';
import { type Containerd, containersRefused, startContainerd } from './containerd-fixture.ts';
import { ImageBuildError } from './recipe.ts';

const cache = join(import.meta.dirname, '..', '..', '.cache', 'images');
const names = ['nginx', 'busybox', 'pause', 'keelson'];
const bundle = `import { spawnSync } from 'node:child_process';
const nft = spawnSync('nft', ['--version'], { encoding: 'utf8' });
console.log('role', process.argv[2], process.version, nft.status ?? nft.error.code);`;

const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

test('an image that there is no recipe for is refused, and so is one whose files are missing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-images-'));
  try {
    await assert.rejects(
      buildImages(folder, ['apache']),
      new ImageBuildError('there is no image apache; there are nginx, busybox, pause, keelson'),
    );
    await assert.rejects(
      buildImages(folder, ['keelson'], { bundle: '/nonexistent' }),
      /keelson needs \/nonexistent\/main.mjs, which is not there/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the same files make the same image, and an image that is there is not made again', async () => {
  const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'keelson-images-')));
  try {
    const [one, two] = [
      (await buildImages(folders[0]!, ['pause']))[0]!,
      (await buildImages(folders[1]!, ['pause']))[0]!,
    ];
    assert.equal(hash(one.path), hash(two.path));
    assert.deepEqual([one.cached, (await buildImages(folders[0]!, ['pause']))[0]!.cached], [false, true]);
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true });
  }
});

suite('images that were put together run in containerd', { skip: containersRefused() ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-images-'));
  let images: Map<string, BuiltImage>;
  let registry: Registry;
  let listener: RegistryListener;
  let containerd: Containerd;

  before(async () => {
    const program = join(folder, 'program');
    mkdirSync(program);
    writeFileSync(join(program, 'main.mjs'), bundle);
    const built = await buildImages(cache, names, { bundle: program });
    images = new Map(built.map((image) => [image.name, image]));
    registry = await createRegistry({ directory: join(folder, 'store'), world: systemWorld(), upstreams: {} });
    for (const { path } of built) await loadArchive(registry.store, path);
    listener = await listen({ handler: registry.handler, log: silentLog });
    containerd = await startContainerd(listener.url, ['docker.io', 'registry.k8s.io']);
  });

  after(async () => {
    await containerd?.[Symbol.asyncDispose]();
    await listener?.close();
    await registry?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const pull = async (name: string): Promise<string> => {
    const { image } = images.get(name)!;
    await containerd.ctr('images', 'pull', ...containerd.pullOptions, image);
    return image;
  };

  test('nginx is pulled through the registry under its own name and serves a page with a nonce', async () => {
    const image = await pull('nginx');
    assert.match(await containerd.ctr('images', 'ls'), new RegExp(`${image}\\s.*${images.get('nginx')!.digest}`));
    const nonce = randomBytes(8).toString('hex');
    const network = `--with-ns=network:${containerd.networkNamespace}`;
    await containerd.ctr('run', '-d', network, '--env', `PAGE_NONCE=${nonce}`, image, 'web');
    const fetchPage = () =>
      spawnSync(
        'nsenter',
        [`--net=${containerd.networkNamespace}`, 'busybox', 'wget', '-q', '-O', '-', 'http://127.0.0.1/'],
        { encoding: 'utf8' },
      ).stdout;
    const deadline = performance.now() + 20_000;
    let page = '';
    while (page === '' && performance.now() < deadline) page = fetchPage();
    assert.match(page, new RegExp(`^${nonce} \\S+\n$`));
    await containerd.ctr('task', 'kill', '-s', 'SIGQUIT', 'web');
    while (/web\s+\d+\s+RUNNING/.test(await containerd.ctr('task', 'ls')) && performance.now() < deadline);
    assert.equal(await containerd.ctrStatus('task', 'rm', 'web'), 0, 'SIGQUIT ends it in order');
  });

  test('an archive is imported without the registry and runs', async () => {
    await containerd.ctr('images', 'import', images.get('busybox')!.path);
    const output = await containerd.ctr(
      'run',
      '--rm',
      images.get('busybox')!.image,
      'box',
      'sh',
      '-c',
      'echo $((6*7)); ls /bin/wget; id -u',
    );
    assert.equal(output, '42\n/bin/wget\n0\n');
  });

  test('pause holds a container until it is told to end', async () => {
    const image = await pull('pause');
    await containerd.ctr('run', '-d', image, 'hold');
    assert.match(await containerd.ctr('task', 'ls'), /hold\s+\d+\s+RUNNING/);
    await containerd.ctr('task', 'kill', '-s', 'SIGTERM', 'hold');
    const deadline = performance.now() + 20_000;
    while (/hold\s+\d+\s+RUNNING/.test(await containerd.ctr('task', 'ls')) && performance.now() < deadline);
    assert.equal(await containerd.ctrStatus('task', 'rm', 'hold'), 0);
  });

  test("Keelson's own image runs its bundle with the role that it is given", async () => {
    const image = await pull('keelson');
    const output = await containerd.ctr(
      'run',
      '--rm',
      image,
      'own',
      '/usr/local/bin/node',
      '/keelson/main.mjs',
      'kube-proxy',
    );
    assert.match(output, new RegExp(`^role kube-proxy ${process.version} 0\n$`));
  });

  test('an image that is not there is not found, at once', async () => {
    await assert.rejects(
      containerd.ctr('images', 'pull', ...containerd.pullOptions, 'docker.io/library/none:1'),
      /docker.io\/library\/none:1: not found/,
    );
    await assert.rejects(
      containerd.ctr('images', 'pull', ...containerd.pullOptions, 'other.example.com/none:1'),
      /other.example.com\/none:1: not found/,
    );
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { sleep, type World } from '@keelson/base';
import { runCommand, searchPath } from '@keelson/network/dataplanes/linux/run-command.ts';
import { containerdStore, type Snapshotter, snapshotterFor } from './containerd-config.ts';

/** An archive of one image, with the names under which instances know it. */
export interface CachedImage {
  readonly archive: string;
  readonly name: string;
  /** `sha256:…` of its manifest. */
  readonly digest: string;
}

export interface ImageCacheOptions {
  readonly world: World;
  /** Where the cache is kept. It must be on the file system of the instances' disks. */
  readonly folder: string;
  readonly containerd: string;
}

const startTimeout = 30_000;
const importTimeout = 120_000;
const poll = 10;

/**
 * The images that a machine image has in it, as EKS' have those of their add-ons: unpacked once, and laid into each new
 * instance's disk. What instances only read (the files of images) is one file with many names; what they write
 * (containerd's records) is each one's own.
 */
export class ImageCache {
  readonly #options: ImageCacheOptions;

  constructor(options: ImageCacheOptions) {
    this.#options = options;
  }

  /** Unpacks `images` where that was not done before. @throws CommandError, or an Error with what containerd said */
  async fill(images: readonly CachedImage[]): Promise<void> {
    const { folder } = this.#options;
    const snapshotter = snapshotterFor(dirname(folder));
    const content = JSON.stringify([snapshotter, images.map(({ name, digest }) => [name, digest])]);
    if (this.#content() === content) return;
    const staging = `${folder}.new`;
    rmSync(staging, { recursive: true, force: true });
    mkdirSync(staging, { recursive: true, mode: 0o700 });
    await this.#unpack(staging, images, snapshotter);
    for (const name of ['state', 'config.toml', 'log', 'socket'])
      rmSync(join(staging, name), { recursive: true, force: true });
    writeFileSync(join(staging, 'content.json'), content);
    rmSync(folder, { recursive: true, force: true });
    renameSync(staging, folder);
  }

  /** Gives a new disk the images. Does nothing while there are none: the instance pulls them then. */
  async layInto(root: string): Promise<void> {
    const { folder, world } = this.#options;
    if (this.#content() === undefined) return;
    const source = join(folder, 'root');
    const target = join(root, containerdStore);
    await runCommand(['cp', '-a', '--link', `${source}/.`, target], { clock: world.clock });
    for (const path of globSync('*/*.db', { cwd: source })) {
      rmSync(join(target, path));
      copyFileSync(join(source, path), join(target, path));
    }
  }

  #content(): string | undefined {
    const path = join(this.#options.folder, 'content.json');
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }

  async #unpack(staging: string, images: readonly CachedImage[], snapshotter: Snapshotter): Promise<void> {
    const { world, containerd } = this.#options;
    const socket = join(staging, 'socket');
    writeFileSync(join(staging, 'config.toml'), configuration(staging, socket));
    const log = openSync(join(staging, 'log'), 'w', 0o600);
    // It mounts what it unpacks, and must leave neither that nor itself when this process is killed.
    const alone = ['--mount', '--propagation', 'private', '--', 'setpriv', '--pdeathsig', 'KILL', '--'];
    const child = spawn('unshare', [...alone, containerd, '--config', join(staging, 'config.toml')], {
      stdio: ['ignore', log, log],
      env: { PATH: searchPath, LC_ALL: 'C' },
    });
    closeSync(log);
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
    const ctr = (...words: string[]) =>
      runCommand([join(dirname(containerd), 'ctr'), '--address', socket, '--namespace', 'k8s.io', ...words], {
        clock: world.clock,
        timeout: importTimeout,
      });
    try {
      await this.#untilStarted(child, staging, socket);
      for (const { archive, name, digest } of images) {
        await ctr('images', 'import', '--snapshotter', snapshotter, archive);
        await ctr('images', 'tag', name, `${name.slice(0, name.lastIndexOf(':'))}@${digest}`);
      }
      await this.#discardLayers(ctr);
    } finally {
      child.kill('SIGTERM');
      await ended;
    }
  }

  async #untilStarted(child: ChildProcess, staging: string, socket: string): Promise<void> {
    const { clock } = this.#options.world;
    const began = clock.monotonic();
    while (!existsSync(socket)) {
      if (child.exitCode !== null || clock.monotonic() - began > startTimeout)
        throw new Error(`containerd did not start: ${readFileSync(join(staging, 'log'), 'utf8').slice(-1000)}`);
      await sleep(clock, poll);
    }
  }

  /** Layers are not needed any more once they are unpacked, and are most of what there is. */
  async #discardLayers(ctr: (...words: string[]) => Promise<string>): Promise<void> {
    for (const line of (await ctr('content', 'ls')).split('\n').slice(1)) {
      const [digest = '', , , labels = ''] = line.split('\t');
      if (labels.includes('containerd.io/uncompressed=')) await ctr('content', 'rm', digest);
    }
  }
}

/** Nothing of Kubernetes' interface: images are unpacked and no more. */
function configuration(staging: string, socket: string): string {
  return `version = 2
root = ${JSON.stringify(join(staging, 'root'))}
state = ${JSON.stringify(join(staging, 'state'))}
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp"]

[grpc]
  address = ${JSON.stringify(socket)}
`;
}

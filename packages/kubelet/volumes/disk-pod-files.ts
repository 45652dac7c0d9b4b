import { spawn } from 'node:child_process';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  statfs,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { type Random, randomHex } from '@keelson/base';
import { removeLogs, rotateLog } from './log-rotation.ts';
import type { HostPathType, PodFiles, VolumeFile, VolumePayload } from './pod-files.ts';

/** Pods' files in a directory of the node, laid out as upstream's kubelet does (`pods/<uid>/volumes/…`). */
export class DiskPodFiles implements PodFiles {
  readonly readable = true;
  readonly #root: string;
  readonly #random: Random;

  /** `root` is /var/lib/kubelet on a node. */
  constructor(root: string, random: Random) {
    this.#root = root;
    this.#random = random;
  }

  async nodeHostsFile(): Promise<string> {
    return readFile('/etc/hosts', 'utf8').catch(() => '127.0.0.1\tlocalhost\n');
  }

  async makeEmptyDirectory(
    uid: string,
    volume: string,
    medium: string,
    sizeLimit: number | undefined,
    group: number | undefined,
  ): Promise<string> {
    const path = this.#volumePath(uid, 'empty-dir', volume);
    await mkdir(path, { recursive: true });
    if (medium === 'Memory' && !(await isMountPoint(path))) {
      const size = sizeLimit === undefined ? [] : ['-o', `size=${Math.ceil(sizeLimit)}`];
      await run('mount', ['-t', 'tmpfs', ...size, 'tmpfs', path]);
    }
    if (group !== undefined) await chown(path, 0, group);
    // Every user of the pod may write, and files belong to the pod's group if it has one.
    await chmod(path, group === undefined ? 0o777 : 0o2777);
    return path;
  }

  async writeVolume(
    uid: string,
    plugin: string,
    volume: string,
    payload: VolumePayload,
    group: number | undefined,
  ): Promise<string> {
    const path = this.#volumePath(uid, plugin, volume);
    await mkdir(path, { recursive: true, mode: 0o755 });
    const folder = `..${randomHex(this.#random, 16)}`;
    await mkdir(join(path, folder), { mode: 0o755 });
    for (const [name, file] of payload) await writePayloadFile(join(path, folder), name, file, group);
    const before = await readlink(join(path, '..data')).catch(() => undefined);
    await rm(join(path, '..data_tmp'), { force: true });
    await symlink(folder, join(path, '..data_tmp'));
    await rename(join(path, '..data_tmp'), join(path, '..data'));
    await this.#linkNames(path, payload);
    if (before !== undefined && before !== folder) await rm(join(path, before), { recursive: true, force: true });
    return path;
  }

  /** The visible names lead through `..data`; those that the payload lacks go. */
  async #linkNames(path: string, payload: VolumePayload): Promise<void> {
    const wanted = new Set([...payload.keys()].map((name) => name.split('/')[0]!));
    for (const name of await readdir(path))
      if (!name.startsWith('..') && !wanted.has(name)) await rm(join(path, name), { recursive: true, force: true });
    for (const name of wanted) {
      const present = await readlink(join(path, name)).catch(() => undefined);
      if (present === undefined) await symlink(join('..data', name), join(path, name));
    }
  }

  async writeFile(uid: string, path: string, bytes: Uint8Array, mode: number): Promise<string> {
    const full = this.pathOf(uid, path);
    await mkdir(dirname(full), { recursive: true });
    const present = await readFile(full).catch(() => undefined);
    // Written in place: containers have the inode mounted.
    if (present === undefined || !present.equals(bytes)) await writeFile(full, bytes);
    await chmod(full, mode);
    return full;
  }

  pathOf(uid: string, path: string): string {
    return join(this.#podPath(uid), path);
  }

  async readTail(path: string, limit: number): Promise<Uint8Array | undefined> {
    const file = await open(path, 'r').catch(() => undefined);
    if (file === undefined) return undefined;
    try {
      const { size } = await file.stat();
      const length = Math.min(size, limit);
      const buffer = new Uint8Array(length);
      const { bytesRead } = await file.read(buffer, 0, length, size - length);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async prepareHostPath(path: string, type: HostPathType): Promise<void> {
    if (type === '') return;
    if (type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 });
    if (type === 'FileOrCreate') await (await open(path, 'a', 0o644)).close();
    const found = await stat(path).catch(() => undefined);
    const refused = new Error(`hostPath type check failed: ${path} is not a ${typeNames[type]}`);
    if (found === undefined) throw refused;
    const fits = {
      DirectoryOrCreate: found.isDirectory(),
      Directory: found.isDirectory(),
      FileOrCreate: found.isFile(),
      File: found.isFile(),
      Socket: found.isSocket(),
      CharDevice: found.isCharacterDevice(),
      BlockDevice: found.isBlockDevice(),
    }[type];
    if (!fits) throw refused;
  }

  async prepareSubPath(volumePath: string, subPath: string): Promise<string> {
    const full = resolve(volumePath, subPath);
    if (isOutside(volumePath, full)) throw new Error(`subpath "${subPath}" not within volume path "${volumePath}"`);
    // Links inside a volume must not lead out of it; the volume's own `..data` does not.
    const real = await realPathWithin(volumePath, full);
    if ((await stat(real).catch(() => undefined)) === undefined) await mkdir(real, { recursive: true, mode: 0o750 });
    return real;
  }

  async makeLogDirectory(path: string): Promise<void> {
    await mkdir(path, { recursive: true, mode: 0o755 });
  }

  removeLogs(path: string): Promise<void> {
    return removeLogs(path);
  }

  rotateLog(path: string, limit: number, keep: number): Promise<boolean> {
    return rotateLog(path, limit, keep);
  }

  async diskUsage(): Promise<number> {
    const { blocks, bavail } = await statfs(this.#root);
    return blocks === 0 ? 0 : 1 - bavail / blocks;
  }

  async removePod(uid: string): Promise<void> {
    const path = this.#podPath(uid);
    for (const point of (await mountPointsUnder(path)).reverse()) await run('umount', [point]);
    await rm(path, { recursive: true, force: true });
  }

  async pods(): Promise<string[]> {
    return readdir(join(this.#root, 'pods')).catch(() => []);
  }

  #podPath(uid: string): string {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(uid)) throw new Error(`"${uid}" is no uid of a pod`);
    return join(this.#root, 'pods', uid);
  }

  #volumePath(uid: string, plugin: string, volume: string): string {
    return join(this.#podPath(uid), 'volumes', `kubernetes.io~${plugin}`, volume);
  }
}

const typeNames: Record<Exclude<HostPathType, ''>, string> = {
  DirectoryOrCreate: 'directory',
  Directory: 'directory',
  FileOrCreate: 'file',
  File: 'file',
  Socket: 'socket',
  CharDevice: 'character device',
  BlockDevice: 'block device',
};

async function writePayloadFile(
  folder: string,
  name: string,
  { bytes, mode }: VolumeFile,
  group: number | undefined,
): Promise<void> {
  const path = join(folder, name);
  if (isOutside(folder, path)) throw new Error(`invalid path ${name}: must not leave the volume`);
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await writeFile(path, bytes, { mode });
  // The process' umask has its say in the mode above.
  await chmod(path, group === undefined ? mode : mode | ((mode & 0o600) >> 3));
  if (group !== undefined) await chown(path, 0, group);
}

function isOutside(base: string, path: string): boolean {
  const way = relative(base, path);
  return way === '..' || way.startsWith('../') || isAbsolute(way);
}

/** Follows the links on the way from `base` to `path` one by one. */
async function realPathWithin(base: string, path: string): Promise<string> {
  let current = base;
  let links = 0;
  const parts = relative(base, path)
    .split('/')
    .filter((part) => part !== '');
  while (parts.length > 0) {
    const next = join(current, parts.shift()!);
    if (isOutside(base, next)) throw new Error(`subpath leads out of volume path "${base}"`);
    const found = await lstat(next).catch(() => undefined);
    if (found?.isSymbolicLink() !== true) {
      current = next;
      continue;
    }
    if (++links > 40) throw new Error(`too many links below "${base}"`);
    const target = await readlink(next);
    if (isAbsolute(target)) throw new Error(`subpath leads out of volume path "${base}"`);
    const rest = relative(base, join(current, target));
    if (rest.startsWith('../') || rest === '..') throw new Error(`subpath leads out of volume path "${base}"`);
    parts.unshift(...rest.split('/').filter((part) => part !== ''));
    current = base;
  }
  return current;
}

async function isMountPoint(path: string): Promise<boolean> {
  return (await mountPointsUnder(path)).includes(path);
}

async function mountPointsUnder(path: string): Promise<string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return table
    .split('\n')
    .map((line) => unescapeMount(line.split(' ')[4] ?? ''))
    .filter((point) => point === path || point.startsWith(`${path}/`));
}

/** mountinfo writes blanks and the like in octal. */
function unescapeMount(point: string): string {
  return point.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (text) => {
      said = (said + text).slice(-2000);
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args.join(' ')} ended with ${code}: ${said.trim()}`)),
    );
  });
}

import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { InstanceFolder } from './instance-folder.ts';

/** What an instance's own files say of it. */
export interface RootFacts {
  /** The private DNS name. */
  readonly hostName: string;
  readonly machineId: string;
  readonly nameServers: readonly string[];
  readonly searchDomains: readonly string[];
  /** Further files by absolute path. */
  readonly files: Readonly<Record<string, string>>;
}

/** The machine's directories of programs and libraries: links on a system with a merged /usr, else bound. */
export const programLinks = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

const ownFolders = [
  'dev',
  'proc',
  'sys',
  'run',
  'tmp',
  'usr',
  'root',
  'home',
  'mnt',
  'media',
  'srv',
  'opt/cni/bin',
  'etc/cni/net.d',
  'etc/containerd/certs.d',
  'etc/kubernetes',
  'var/cache',
  'var/lib/cni',
  'var/lib/containerd',
  'var/lib/kubelet',
  'var/log/containers',
  'var/log/pods',
  'var/tmp',
];

/** Of the machine's /etc an instance has a copy of what programs need to run, and nothing that is a secret. */
const copiedFiles = [
  'group',
  'ld.so.cache',
  'ld.so.conf',
  'localtime',
  'login.defs',
  'mime.types',
  'nsswitch.conf',
  'os-release',
  'passwd',
  'protocols',
  'services',
  'shells',
];

/** Directories of /etc that are bound read-only where the machine has them. */
export const boundSettings = ['alternatives', 'ca-certificates', 'iproute2', 'ld.so.conf.d', 'pki', 'ssl'];

/** Those of `paths` that are directories of the machine. */
export function existingFolders(paths: readonly string[]): string[] {
  return paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory());
}

/** Where distributions put the plug-ins of the Container Network Interface. */
const pluginFolders = ['/usr/lib/cni', '/usr/libexec/cni', '/opt/cni/bin'];

/**
 * Puts in place what lies on the instance's disk. What an earlier start left there stays, but for what `facts` name.
 * `fill` puts more on a disk that is new; it is given the disk's root.
 */
export async function writeRootFiles(
  folder: InstanceFolder,
  facts: RootFacts,
  fill: (root: string) => Promise<void>,
): Promise<void> {
  const { root } = folder;
  for (const path of [folder.programs, folder.programsWork, folder.run])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  if (!existsSync(root)) await makeDisk(root, fill);
  const written: Record<string, string> = {
    '/etc/hostname': `${facts.hostName}\n`,
    '/etc/hosts': `127.0.0.1 localhost localhost.localdomain\n::1 localhost6 localhost6.localdomain6\n`,
    '/etc/machine-id': `${facts.machineId}\n`,
    '/etc/resolv.conf': resolverFile(facts),
    ...facts.files,
  };
  for (const name of ['usr', 'dev', 'proc', 'sys', 'run', 'tmp']) ownFolder(root, name);
  for (const [path, content] of Object.entries(written)) {
    const target = join(ownFolder(root, dirname(path)), basename(path));
    // Never through a link that the instance may have made.
    rmSync(target, { force: true });
    writeFileSync(target, content, { flag: 'wx' });
  }
}

/** A disk as it is when the instance is launched. It appears whole, or not at all. */
async function makeDisk(root: string, fill: (root: string) => Promise<void>): Promise<void> {
  const staging = `${root}.new`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true, mode: 0o755 });
  for (const name of ownFolders) mkdirSync(join(staging, name), { recursive: true });
  linkPrograms(staging);
  for (const name of copiedFiles) copySetting(staging, name);
  for (const path of existingFolders(boundSettings.map((name) => `/etc/${name}`))) mkdirSync(join(staging, path));
  linkPlugins(staging);
  symlinkSync('/run', join(staging, 'var/run'));
  symlinkSync('/proc/self/mounts', join(staging, 'etc/mtab'));
  await fill(staging);
  renameSync(staging, root);
}

/**
 * The folder of the instance's disk at `path`, made where it is missing. What the instance may have left there must not
 * lead out of its disk.
 * @throws Error when a part of the path is a link or a file
 */
export function ownFolder(root: string, path: string): string {
  let folder = root;
  for (const name of path.split('/').filter(Boolean)) {
    folder = join(folder, name);
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    if (stat === undefined) mkdirSync(folder);
    else if (!stat.isDirectory()) throw new Error(`the instance's ${path} is no directory: ${folder}`);
  }
  return folder;
}

function resolverFile({ nameServers, searchDomains }: RootFacts): string {
  const search = searchDomains.length > 0 ? [`search ${searchDomains.join(' ')}`] : [];
  return [...nameServers.map((address) => `nameserver ${address}`), ...search, ''].join('\n');
}

function linkPrograms(root: string): void {
  for (const name of programLinks) {
    const stat = lstatSync(join('/', name), { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) symlinkSync(readlinkSync(join('/', name)), join(root, name));
    else if (stat?.isDirectory()) mkdirSync(join(root, name));
  }
}

function copySetting(root: string, name: string): void {
  const source = join('/etc', name);
  if (statSync(source, { throwIfNoEntry: false })?.isFile()) copyFileSync(source, join(root, 'etc', name));
}

function linkPlugins(root: string): void {
  const source = pluginFolders.find((folder) => existsSync(join(folder, 'loopback')));
  if (source === undefined) return;
  for (const name of readdirSync(source)) {
    const target = join(root, 'opt/cni/bin', name);
    if (source.startsWith('/usr/')) symlinkSync(join(source, name), target);
    else copyFileSync(join(source, name), target);
  }
}

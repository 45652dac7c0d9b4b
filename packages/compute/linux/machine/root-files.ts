import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
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

/** Where distributions put the plug-ins of the Container Network Interface. */
const pluginFolders = ['/usr/lib/cni', '/usr/libexec/cni', '/opt/cni/bin'];

/** Puts in place what lies on the instance's disk. What an earlier start left there stays, but for what `facts` name. */
export function writeRootFiles(folder: InstanceFolder, facts: RootFacts): void {
  const { root } = folder;
  const isNew = !existsSync(join(root, 'etc/hostname'));
  for (const path of [folder.programs, folder.programsWork, folder.run]) mkdirSync(path, { recursive: true, mode: 0o700 });
  if (isNew) {
    mkdirSync(root, { recursive: true, mode: 0o755 });
    for (const name of ownFolders) mkdirSync(join(root, name), { recursive: true });
    linkPrograms(root);
    for (const name of copiedFiles) copySetting(root, name);
    for (const name of boundSettings)
      if (existsSync(join('/etc', name))) mkdirSync(join(root, 'etc', name), { recursive: true });
    linkPlugins(root);
    symlinkSync('/run', join(root, 'var/run'));
    symlinkSync('/proc/self/mounts', join(root, 'etc/mtab'));
  }
  const written: Record<string, string> = {
    '/etc/hostname': `${facts.hostName}\n`,
    '/etc/hosts': `127.0.0.1 localhost localhost.localdomain\n::1 localhost6 localhost6.localdomain6\n`,
    '/etc/machine-id': `${facts.machineId}\n`,
    '/etc/resolv.conf': resolverFile(facts),
    ...facts.files,
  };
  for (const [path, content] of Object.entries(written)) {
    const target = join(root, path);
    mkdirSync(dirname(target), { recursive: true });
    // Never through a link that the instance may have made.
    rmSync(target, { force: true });
    writeFileSync(target, content, { flag: 'wx' });
  }
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
  if (existsSync(source)) cpSync(source, join(root, 'etc', name), { dereference: true });
}

function linkPlugins(root: string): void {
  const source = pluginFolders.find((folder) => existsSync(join(folder, 'loopback')));
  if (source === undefined) return;
  for (const name of readdirSync(source)) {
    const target = join(root, 'opt/cni/bin', name);
    if (source.startsWith('/usr/')) symlinkSync(join(source, name), target);
    else cpSync(join(source, name), target);
  }
}

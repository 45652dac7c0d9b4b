import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** The Debian packages of linux compute, each with a program that tells whether it is there. */
const packages: Readonly<Record<string, readonly string[]>> = {
  containerd: ['/usr/bin/containerd', '/usr/local/bin/containerd'],
  runc: ['/usr/sbin/runc', '/usr/bin/runc', '/usr/local/sbin/runc'],
  nftables: ['/usr/sbin/nft'],
  iproute2: ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip'],
  'util-linux': ['/usr/bin/nsenter'],
  kmod: ['/usr/sbin/modprobe', '/sbin/modprobe'],
};

/** Those that this machine lacks. */
export function missingPackages(): string[] {
  return Object.entries(packages)
    .filter(([, programs]) => !programs.some((path) => existsSync(path)))
    .map(([name]) => name);
}

/** Why this machine cannot run instances as containers, whatever is installed; undefined when it can. */
export function linuxObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'this is no Linux machine';
  if (process.getuid?.() !== 0) return 'it takes root';
  const unshared = spawnSync('unshare', ['--net', '--mount', 'true'], { encoding: 'utf8' });
  if (unshared.status !== 0)
    return `namespaces cannot be made: ${(unshared.stderr ?? '').trim() || 'unshare is missing'}`;
  return undefined;
}

/** Installs them with apt. Returns what apt said when it could not; undefined when they are there. */
export function installPackages(names: readonly string[]): string | undefined {
  if (spawnSync('apt-get', ['--version']).status !== 0) return 'there is no apt-get on this machine';
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]) => spawnSync('apt-get', args, { env: environment, encoding: 'utf8' });
  const install = ['install', '--yes', '--no-install-recommends', ...names];
  let result = apt(...install);
  if (result.status !== 0) {
    apt('update');
    result = apt(...install);
  }
  return result.status === 0
    ? undefined
    : `${result.stdout ?? ''}${result.stderr ?? ''}`.trim().split('\n').slice(-3).join('\n');
}

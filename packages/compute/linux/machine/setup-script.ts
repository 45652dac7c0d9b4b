import { basename } from 'node:path';
import type { CgroupHierarchy } from './cgroups.ts';
import { type InstanceFolder, insideRun } from './instance-folder.ts';

/** What an instance's namespaces are filled with. */
export interface SetupPlan {
  readonly folder: InstanceFolder;
  readonly hostName: string;
  /** Of the machine: `usr` is laid under the instance's, these are bound read-only, at the same place. */
  readonly readOnlyPaths: readonly string[];
  readonly hierarchies: readonly CgroupHierarchy[];
  /** The instance's control groups, one in each of `hierarchies`. */
  readonly cgroups: readonly string[];
  /** Link-local addresses that the instance answers at itself: its metadata service's. */
  readonly localAddresses: readonly string[];
  /** The program that runs everything in the instance; the instance ends with it. */
  readonly init: readonly string[];
  readonly searchPath: string;
}

const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'fuse', 'kmsg'];

/** One word of a shell's command line. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

const line = (...words: string[]) => words.map(quote).join(' ');

/**
 * The shell script that a new instance's first process runs, in its own net, mount, pid, ipc and uts namespaces, with
 * the machine's files still before it. It ends as the instance's init: it never returns.
 */
export function setupScript(plan: SetupPlan): string {
  const { folder } = plan;
  return [
    'set -e',
    `export PATH=${quote(plan.searchPath)}`,
    // /proc is still the machine's, so this is the pid that the machine knows.
    'read -r stat < /proc/self/stat',
    'read -r boot < /proc/sys/kernel/random/boot_id',
    'set -- $stat',
    ...plan.cgroups.map((path) => `echo 0 > ${quote(`${path}/cgroup.procs`)}`),
    `printf '{"pid":%s,"startTime":"%s","bootId":"%s"}\\n' "$1" "\${22}" "$boot" > ${quote(`${folder.recordFile}.new`)}`,
    line('mv', `${folder.recordFile}.new`, folder.recordFile),
    'echo recorded >&3',
    'exec 3>&-',
    // Only now, so that the instance's own groups are the roots of what it sees.
    `exec unshare --cgroup -- sh -ec ${quote(filesScript(plan))}`,
    '',
  ].join('\n');
}

function filesScript(plan: SetupPlan): string {
  const { folder } = plan;
  const overlay = `lowerdir=/usr,upperdir=${folder.programs},workdir=${folder.programsWork}`;
  return [
    line('mount', '--bind', folder.root, folder.root),
    `cd ${quote(folder.root)}`,
    // Where the disk cannot be written through (it lies on an overlay itself) the programs stay as they are.
    `mount -t overlay keelson usr -o ${quote(overlay)} 2>/dev/null || mount --bind -o ro /usr usr`,
    'mount -t proc proc proc',
    'mount -t sysfs sysfs sys',
    'mount -t tmpfs -o mode=755,size=65536k tmpfs dev',
    `for name in ${devices.join(' ')}; do if [ -e "/dev/$name" ]; then set -- "$@" "/dev/$name"; fi; done`,
    'cp -a "$@" dev/',
    'mkdir dev/pts dev/shm dev/mqueue',
    'mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts',
    'mount -t tmpfs -o mode=1777 tmpfs dev/shm',
    'mount -t mqueue mqueue dev/mqueue',
    'ln -s pts/ptmx dev/ptmx; ln -s /proc/self/fd dev/fd',
    'ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr',
    'mount -t tmpfs -o mode=755 tmpfs run',
    'mount -t tmpfs -o mode=1777 tmpfs tmp',
    line('mkdir', '-p', `.${insideRun}`, 'run/lock', '.machine', ...plan.readOnlyPaths.map((path) => `.${path}`)),
    line('mount', '--bind', folder.run, `.${insideRun}`),
    ...plan.readOnlyPaths.map((path) => line('mount', '--bind', '-o', 'ro', path, `.${path}`)),
    ...cgroupMounts(plan.hierarchies),
    `echo ${quote(plan.hostName)} > /proc/sys/kernel/hostname`,
    'for name in all default; do echo 0 > /proc/sys/net/ipv4/conf/$name/rp_filter; done',
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    `printf '%s\\n' ${plan.localAddresses.map((address) => quote(`address add ${address}/32 dev lo`)).join(' ')} 'link set dev lo up' | ip -batch -`,
    'pivot_root . .machine',
    'umount -l /.machine; rmdir /.machine',
    // What a kubelet or CSI driver mounts for a container has to be seen there.
    'mount --make-rshared /',
    ...(plan.hierarchies.every(({ version }) => version === 2) ? [moveInitAside] : []),
    `cd /; exec env -i ${quote(`PATH=${plan.searchPath}`)} HOME=/root LC_ALL=C sh -c ${quote(firstProcess(plan.init))}`,
  ].join('\n');
}

function cgroupMounts(hierarchies: readonly CgroupHierarchy[]): string[] {
  if (hierarchies.every(({ version }) => version === 2)) return ['mount -t cgroup2 cgroup2 sys/fs/cgroup'];
  const targets = hierarchies.map(({ mountPoint }) => `sys/fs/cgroup/${basename(mountPoint)}`);
  const mounts = hierarchies.map(({ version, mountOptions }, index) => {
    const kind = version === 2 ? '-t cgroup2 cgroup2' : `-t cgroup -o ${quote(mountOptions)} cgroup`;
    return `mount ${kind} ${quote(targets[index]!)}`;
  });
  // A tree of two controllers is looked for by the name of each.
  const links = hierarchies.flatMap(({ mountPoint }) => {
    const name = basename(mountPoint);
    return name.includes(',')
      ? name.split(',').map((one) => `ln -s ${quote(name)} ${quote(`sys/fs/cgroup/${one}`)}`)
      : [];
  });
  return ['mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup', line('mkdir', ...targets), ...mounts, ...links];
}

/** In version 2 a group with processes of its own cannot hand controllers to those below it. */
const moveInitAside = [
  'mkdir /sys/fs/cgroup/init.scope',
  'echo 0 > /sys/fs/cgroup/init.scope/cgroup.procs',
  'for name in $(cat /sys/fs/cgroup/cgroup.controllers); do echo "+$name" > /sys/fs/cgroup/cgroup.subtree_control || true; done',
].join('\n');

/**
 * The instance's pid 1: a shell, because it must collect every process whose parent has died, which Node does only with
 * its own. It passes on what asks it to end, and ends with the program that it started.
 */
function firstProcess(init: readonly string[]): string {
  return [
    `trap 'kill -TERM "$child"' TERM`,
    `${line(...init)} &`,
    'child=$!',
    'while kill -0 "$child" 2>/dev/null; do wait "$child"; status=$?; done',
    'exit "$status"',
  ].join('\n');
}

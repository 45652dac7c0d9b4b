import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One tree of control groups, as the machine has it mounted. */
export interface CgroupHierarchy {
  readonly version: 1 | 2;
  readonly mountPoint: string;
  /** What mounts the same tree elsewhere: `memory`, `cpu,cpuacct`, `none,name=systemd`; empty for version 2. */
  readonly mountOptions: string;
}

export interface MachineLimits {
  readonly vcpus: number;
  readonly memoryMiB: number;
}

/** Trees of /proc/self/mountinfo. Machines have one of version 2, or several of version 1, or both. */
export function parseHierarchies(mountinfo: string): CgroupHierarchy[] {
  const found: CgroupHierarchy[] = [];
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const mountPoint = left.split(' ')[4] ?? '';
    const [type, , superOptions = ''] = right.split(' ');
    if (!mountPoint.startsWith('/sys/fs/cgroup')) continue;
    if (type === 'cgroup2') found.push({ version: 2, mountPoint, mountOptions: '' });
    if (type === 'cgroup') found.push({ version: 1, mountPoint, mountOptions: versionOneOptions(superOptions) });
  }
  return found;
}

function versionOneOptions(superOptions: string): string {
  const kept = superOptions
    .split(',')
    .filter((option) => !['rw', 'ro', 'relatime', 'noatime', 'seclabel'].includes(option))
    .filter((option) => /^[a-z_]+$/.test(option) || option.startsWith('name='));
  const controllers = kept.filter(
    (option) => !option.startsWith('name=') && option !== 'xattr' && option !== 'clone_children',
  );
  const name = kept.find((option) => option.startsWith('name='));
  return name === undefined ? controllers.join(',') : `none,${name}`;
}

/**
 * The control groups of instances, in every tree: `<parent>/<instance>-<start>`. Each start has groups of its own, so
 * that whoever removes those of the last one cannot take away those of the next.
 */
export class MachineCgroups {
  readonly #hierarchies: readonly CgroupHierarchy[];
  readonly #parent: string;

  /** `parent` is the group of all instances of a region; it is removed with the last of them. */
  constructor(hierarchies: readonly CgroupHierarchy[], parent: string) {
    this.#hierarchies = hierarchies;
    this.#parent = parent;
  }

  get hierarchies(): readonly CgroupHierarchy[] {
    return this.#hierarchies;
  }

  /** The groups of one start of an instance, one in each tree. */
  folders(instanceId: string, start: string): string[] {
    return this.#hierarchies.map(({ mountPoint }) => join(mountPoint, this.#parent, `${instanceId}-${start}`));
  }

  /** Makes the groups, as large as the instance's type says. */
  prepare(instanceId: string, start: string, limits: MachineLimits): void {
    const folders = this.folders(instanceId, start);
    this.#hierarchies.forEach((hierarchy, index) => {
      const parent = join(hierarchy.mountPoint, this.#parent);
      const own = folders[index]!;
      mkdirSync(parent, { recursive: true });
      if (hierarchy.version === 2) {
        delegate(hierarchy.mountPoint);
        delegate(parent);
      } else inheritCpuset(hierarchy.mountPoint, parent);
      mkdirSync(own, { recursive: true });
      if (hierarchy.version === 1) inheritCpuset(parent, own);
      for (const [file, value] of limitFiles(hierarchy, limits)) writeIfOffered(join(own, file), value);
    });
  }

  /** Removes what is left of the region's groups and holds no process: for one whose instances were killed. */
  removeAll(): void {
    for (const { mountPoint } of this.#hierarchies) removeTree(join(mountPoint, this.#parent));
  }

  /** Removes the groups of an instance that hold no process. True when none is left. */
  remove(instanceId: string): boolean {
    let complete = true;
    for (const { mountPoint } of this.#hierarchies) {
      const parent = join(mountPoint, this.#parent);
      const own = childrenOf(parent).filter((name) => name.startsWith(`${instanceId}-`));
      for (const name of own) complete = removeTree(join(parent, name)) && complete;
      removeIfEmpty(parent);
    }
    return complete;
  }
}

function childrenOf(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Lets the groups below have each controller that this one has. */
function delegate(folder: string): void {
  const offered = readFileSync(join(folder, 'cgroup.controllers'), 'utf8').trim().split(' ').filter(Boolean);
  for (const controller of offered) writeIfOffered(join(folder, 'cgroup.subtree_control'), `+${controller}`);
}

/** A new cpuset of version 1 is empty, and no process can enter it. */
function inheritCpuset(from: string, to: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    let value: string;
    try {
      value = readFileSync(join(from, file), 'utf8').trim();
    } catch {
      return;
    }
    writeIfOffered(join(to, file), value);
  }
}

function limitFiles(
  { version, mountOptions }: CgroupHierarchy,
  { vcpus, memoryMiB }: MachineLimits,
): [string, string][] {
  const memory = String(memoryMiB * 2 ** 20);
  if (version === 2)
    return [
      ['cpu.max', `${vcpus * 100_000} 100000`],
      ['memory.max', memory],
    ];
  const controllers = mountOptions.split(',');
  return [
    ...(controllers.includes('cpu') ? ([['cpu.cfs_quota_us', String(vcpus * 100_000)]] as [string, string][]) : []),
    ...(controllers.includes('memory') ? ([['memory.limit_in_bytes', memory]] as [string, string][]) : []),
  ];
}

/** A controller may be missing or taken by the other version; the instance then has no limit of that kind. */
function writeIfOffered(file: string, value: string): void {
  try {
    writeFileSync(file, value);
  } catch {}
}

function removeTree(folder: string): boolean {
  for (const child of childrenOf(folder)) removeTree(join(folder, child));
  return removeIfEmpty(folder);
}

function removeIfEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

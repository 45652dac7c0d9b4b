import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The Debian packages that hold the Go sources of the API types, and the one version that the tables are made from. */
const packages = [
  ['golang-k8s-api-dev', '0.36.4-1'],
  ['golang-k8s-apimachinery-dev', '0.36.4-3'],
  ['golang-k8s-apiextensions-apiserver-dev', '0.36.4-1'],
] as const;
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The mirror that this machine's own apt uses for Debian. */
function mirror(): string {
  const directory = '/etc/apt/sources.list.d';
  const files = ['/etc/apt/sources.list', ...(existsSync(directory) ? readdirSync(directory).sort() : [])];
  for (const name of files) {
    const file = name.startsWith('/') ? name : join(directory, name);
    if (!existsSync(file)) continue;
    const text = readFileSync(file, 'utf8');
    const found =
      /^URIs:\s*(\S+\/debian)\/?\s*$/m.exec(text) ?? /^deb\s+(?:\[[^\]]*\]\s+)?(\S+\/debian)\/?\s/m.exec(text);
    if (found !== null) return found[1]!;
  }
  throw new Error("apt's sources name no Debian mirror: unpack the packages into the cache directory by hand");
}

/**
 * Downloads and unpacks the packages into `cache` unless they are there already, with apt's own check of signatures, and
 * without touching the machine's package state.
 * @returns the folder that holds `api`, `apimachinery` and `apiextensions-apiserver`, and what it was made from.
 */
export function kubernetesSources(cache: string): { root: string; versions: Record<string, string> } {
  const root = join(cache, 'unpacked/usr/share/gocode/src/k8s.io');
  const marker = join(cache, 'unpacked/versions.json');
  const wanted = JSON.stringify(Object.fromEntries(packages));
  if (!existsSync(marker) || readFileSync(marker, 'utf8') !== wanted) {
    for (const part of ['lists/partial', 'cache/archives/partial', 'archives', 'unpacked']) {
      mkdirSync(join(cache, part), { recursive: true });
    }
    writeFileSync(join(cache, 'sources.list'), `deb [signed-by=${keyring}] ${mirror()} sid main\n`);
    const settings = [
      `Dir::Etc::sourcelist "${cache}/sources.list";`,
      'Dir::Etc::sourceparts "-";',
      `Dir::State::lists "${cache}/lists";`,
      `Dir::Cache "${cache}/cache";`,
      'Acquire::Languages "none";',
    ];
    writeFileSync(join(cache, 'apt.conf'), `${settings.join('\n')}\n`);
    const archives = join(cache, 'archives');
    execFileSync('apt-get', ['-c', '../apt.conf', 'update'], { cwd: archives, stdio: 'inherit' });
    const names = packages.map(([name, version]) => `${name}=${version}`);
    execFileSync('apt-get', ['-c', '../apt.conf', 'download', ...names], { cwd: archives, stdio: 'inherit' });
    for (const [name, version] of packages) {
      execFileSync('dpkg', ['-x', join(archives, `${name}_${version}_all.deb`), join(cache, 'unpacked')]);
    }
    writeFileSync(marker, wanted);
  }
  return { root, versions: Object.fromEntries(packages) };
}

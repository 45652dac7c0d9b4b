import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ImageBuildError } from './recipe.ts';

function run(command: string, args: readonly string[], cwd?: string): string {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    ...(cwd ? { cwd } : {}),
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (result.error) throw new ImageBuildError(`${command} cannot be run: ${result.error.message}`);
  if (result.status !== 0) throw new ImageBuildError(`${command} ${args.join(' ')} failed: ${result.stderr.trim()}`);
  return result.stdout;
}

/** The version that apt would fetch of each package. @throws ImageBuildError for a package that apt does not know */
export function packageVersions(names: readonly string[]): Map<string, string> {
  const versions = new Map<string, string>();
  if (names.length === 0) return versions;
  for (const part of run('apt-cache', ['policy', ...names]).split(/^(?=\S)/m)) {
    const [, name] = /^([^\s:]+)/.exec(part) ?? [];
    const [, version] = /^ {2}Candidate: (\S+)/m.exec(part) ?? [];
    if (name && version && version !== '(none)') versions.set(name, version);
  }
  for (const name of names) {
    if (!versions.has(name)) throw new ImageBuildError(`apt knows no package ${name}: run apt-get update first`);
  }
  return versions;
}

const keptAs = (cache: string, [name, version]: readonly [string, string]): string =>
  join(cache, `${name}_${encodeURIComponent(version)}.deb`);

/** Fetches what is not in `cache` yet. */
function fetchPackages(cache: string, versions: ReadonlyMap<string, string>): void {
  const missing = [...versions].filter((pair) => !existsSync(keptAs(cache, pair)));
  if (missing.length === 0) return;
  const folder = mkdtempSync(join(cache, '.fetch-'));
  try {
    const wanted = missing.map(([name, version]) => `${name}=${version}`);
    run('apt-get', ['download', '-q', '-o', 'APT::Sandbox::User=root', ...wanted], folder);
    const fetched = readdirSync(folder);
    for (const pair of missing) {
      const file = fetched.find((entry) => entry.startsWith(`${pair[0]}_`) && entry.endsWith('.deb'));
      if (!file) throw new ImageBuildError(`apt-get fetched nothing for ${pair[0]}`);
      renameSync(join(folder, file), keptAs(cache, pair));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Unpacks the packages' files (and runs none of their scripts) into `root`; fetched packages are kept in `cache`. */
export function unpackPackages(versions: ReadonlyMap<string, string>, cache: string, root: string): void {
  mkdirSync(cache, { recursive: true });
  fetchPackages(cache, versions);
  for (const pair of versions) run('dpkg', ['-x', keptAs(cache, pair), root]);
}

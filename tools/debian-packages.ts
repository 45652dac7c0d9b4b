import { spawnSync } from 'node:child_process';

function present(name: string): boolean {
  const { stdout } = spawnSync('dpkg-query', ['--show', '--showformat=${db:Status-Status}', name], {
    encoding: 'utf8',
  });
  return stdout === 'installed';
}

/**
 * Installs Debian packages that are missing. Returns those that still are: without apt, without root, or when the
 * installation failed (what it printed is shown then).
 */
export function ensureDebianPackages(names: readonly string[]): string[] {
  const missing = names.filter((name) => !present(name));
  if (missing.length === 0 || process.getuid?.() !== 0) return missing;
  process.stderr.write(`Installing Debian packages: ${missing.join(' ')}\n`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]) => spawnSync('apt-get', args, { env: environment, encoding: 'utf8' });
  let result = apt('install', '--yes', '--no-install-recommends', ...missing);
  if (result.status !== 0) {
    apt('update');
    result = apt('install', '--yes', '--no-install-recommends', ...missing);
  }
  if (result.status !== 0) process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  return missing.filter((name) => !present(name));
}

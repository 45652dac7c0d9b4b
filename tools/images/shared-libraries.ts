import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ImageBuildError, type Staging } from './recipe.ts';

/**
 * The shared libraries that a program of this machine loads, its loader among them, by their paths.
 * @throws ImageBuildError when one is missing
 */
export function librariesOf(program: string): string[] {
  const { stdout, status, error } = spawnSync('ldd', [program], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (error) throw new ImageBuildError(`ldd cannot be run: ${error.message}`);
  if (status !== 0) return [];
  const missing = /^\s*(\S+) => not found/m.exec(stdout);
  if (missing) throw new ImageBuildError(`${program} needs ${missing[1]}, which this machine does not have`);
  return [...stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map((match) => match[1]!);
}

/** Copies a program of this machine with the libraries that it loads, each to the path that it has here. */
export function copyProgram(staging: Staging, from: string, path: string): void {
  staging.copy(from, path);
  for (const library of librariesOf(from)) staging.copy(library, library);
}

const libraryFolders = (root: string): string[] =>
  ['lib', 'usr/lib'].flatMap((folder) => {
    const base = join(root, folder);
    if (!existsSync(base)) return [];
    return [
      base,
      ...readdirSync(base)
        .filter((name) => name.endsWith('-linux-gnu'))
        .map((name) => join(base, name)),
    ];
  });

/**
 * Holds that `program` finds its libraries among the staged ones and nowhere else.
 * @throws ImageBuildError that names those that are missing
 */
export function requireLibraries(root: string, program: string): void {
  const folders = libraryFolders(root);
  const loader = folders
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .find((path) => /\/ld-linux-[^/]+\.so\.\d+$/.test(path));
  if (!loader) throw new ImageBuildError(`the image has no loader for ${program}`);
  const args = ['--inhibit-cache', '--library-path', folders.join(':'), '--list', join(root, program)];
  const { stdout, stderr, status } = spawnSync(loader, args, { encoding: 'utf8', env: {} });
  const missing = [...`${stdout}${stderr}`.matchAll(/(\S+): cannot open|(\S+) => not found/g)].map(
    (match) => match[1] ?? match[2],
  );
  const outside = [...stdout.matchAll(/=> (\/\S+)/g)]
    .map((match) => match[1]!)
    .filter((path) => !path.startsWith(root));
  if (status !== 0 || missing.length > 0 || outside.length > 0) {
    throw new ImageBuildError(
      `the image lacks libraries of ${program}: ${[...missing, ...outside].join(' ') || stderr.trim()}`,
    );
  }
}

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CachedImage } from '@keelson/compute/linux/index.ts';
import type { DataDirectory } from '../data-directory.ts';
import type { ImageRegistry } from './image-registry.ts';

/** The images that Keelson makes of itself, as tools/images knows them. */
const own = ['pause', 'keelson'];

/** The folder of the program: where the launcher said, or above the bundle. */
export function programRoot(): string {
  return process.env['KEELSON_ROOT'] ?? join(dirname(process.argv[1] ?? ''), '..');
}

/** Makes them where their contents have changed. @throws Error with what the tool said */
function build(folder: string): Promise<void> {
  const tool = join(programRoot(), 'tools', 'images', 'main.ts');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', tool, folder, ...own], {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: programRoot(),
    });
    let said = '';
    child.stderr.on('data', (piece: Buffer) => {
      said += piece.toString('utf8');
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`Keelson's own image could not be made: ${said.trim()}`)),
    );
  });
}

/** Has the nodes find Keelson's own images: the one that add-ons run from, and the one of sandboxes. */
export async function ensureOwnImages(directory: DataDirectory, images: ImageRegistry): Promise<CachedImage[]> {
  const folder = join(directory.path, 'own-images');
  await build(folder);
  const found: CachedImage[] = [];
  for (const name of own) {
    const made: { image: string; digest: string } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
    const archive = join(folder, `${name}.tar`);
    if ((await images.digestOf(made.image)) !== made.digest) await images.load(archive, made.image);
    found.push({ archive, name: made.image, digest: made.digest });
  }
  return found;
}

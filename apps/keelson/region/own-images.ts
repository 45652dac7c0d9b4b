import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
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

interface Made extends CachedImage {
  /** Whether nodes find it. */
  readonly loaded: boolean;
}

/** Those that were made before, as far as they were. */
async function madeImages(directory: DataDirectory, images: ImageRegistry): Promise<Made[]> {
  const folder = join(directory.path, 'own-images');
  const found: Made[] = [];
  for (const name of own) {
    const record = join(folder, `${name}.json`);
    if (!existsSync(record)) continue;
    const { image, digest }: { image: string; digest: string } = JSON.parse(readFileSync(record, 'utf8'));
    const loaded = (await images.digestOf(image)) === digest;
    found.push({ archive: join(folder, `${name}.tar`), name: image, digest, loaded });
  }
  return found;
}

/** True when nodes find Keelson's own images, be they of this program or of a former one. */
export async function haveOwnImages(directory: DataDirectory, images: ImageRegistry): Promise<boolean> {
  const made = await madeImages(directory, images);
  return made.length === own.length && made.every(({ loaded }) => loaded);
}

/** Has the nodes find Keelson's own images: the one that add-ons run from, and the one of sandboxes. */
export async function ensureOwnImages(directory: DataDirectory, images: ImageRegistry): Promise<CachedImage[]> {
  await build(join(directory.path, 'own-images'));
  const made = await madeImages(directory, images);
  for (const { archive, name, loaded } of made) if (!loaded) await images.load(archive, name);
  return made;
}

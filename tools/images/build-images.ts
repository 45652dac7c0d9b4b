import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeLayoutArchive } from '@keelson/registry';
import { ociConfig, ociLayerZstd, ociManifest } from '@keelson/registry/manifests/media-types.ts';
import { packageVersions, unpackPackages } from './debian-archive.ts';
import { type Layer, writeLayer } from './layer.ts';
import { ImageBuildError, type Recipe } from './recipe.ts';
import { busyboxRecipe } from './recipes/busybox.ts';
import { keelsonRecipe } from './recipes/keelson.ts';
import { nginxRecipe } from './recipes/nginx.ts';
import { pauseRecipe } from './recipes/pause.ts';
import { stagingAt } from './staging.ts';

/** An image that is there now. */
export interface BuiltImage {
  /** `nginx`. */
  readonly name: string;
  /** `docker.io/library/nginx:1.21`. */
  readonly image: string;
  /** The OCI archive, for `keelson image load` or `ctr images import`. */
  readonly path: string;
  /** The manifest's digest. */
  readonly digest: string;
  /** Whether it was there already. */
  readonly cached: boolean;
}

export interface BuildOptions {
  /** The folder whose `main.mjs` Keelson's own image runs. Default `dist/node` of this checkout. */
  readonly bundle?: string;
  /** Names to give instead of the recipes' own, by the tool's name. */
  readonly imageNames?: Readonly<Record<string, string>>;
}

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** The images that this tool can make. */
export function recipes(options: BuildOptions = {}): Recipe[] {
  return [nginxRecipe, busyboxRecipe, pauseRecipe(process.arch), keelsonRecipe(options.bundle)].map((recipe) => ({
    ...recipe,
    image: options.imageNames?.[recipe.name] ?? recipe.image,
  }));
}

/** Changes when anything does that the image is made of: packages, files of this machine, this tool. */
function keyOf(recipe: Recipe, versions: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  const tool = globSync('**/*.ts', { cwd: import.meta.dirname }).sort();
  for (const path of [...tool.map((name) => join(import.meta.dirname, name)), ...recipe.inputs()]) {
    if (!existsSync(path)) throw new ImageBuildError(`${recipe.name} needs ${path}, which is not there`);
    hash.update(createHash('sha256').update(readFileSync(path)).digest());
  }
  hash.update(JSON.stringify([recipe.name, recipe.image, process.arch, [...versions]]));
  return hash.digest('hex');
}

function contentOf(value: object): { digest: string; size: number; content: Uint8Array } {
  const content = Buffer.from(JSON.stringify(value));
  return { digest: `sha256:${createHash('sha256').update(content).digest('hex')}`, size: content.length, content };
}

/** Writes the archive of one image with one layer; returns its manifest's digest. */
async function writeArchive(
  path: string,
  recipe: Recipe,
  layer: Layer,
  versions: ReadonlyMap<string, string>,
): Promise<string> {
  const architecture = architectures[process.arch];
  if (!architecture) throw new ImageBuildError(`no images are made for ${process.arch}`);
  const config = contentOf({
    created: '1970-01-01T00:00:00Z',
    architecture,
    os: 'linux',
    config: recipe.config(versions),
    rootfs: { type: 'layers', diff_ids: [layer.plainDigest] },
    history: [
      {
        created: '1970-01-01T00:00:00Z',
        created_by: 'keelson tools/images',
        comment: [...versions].map((pair) => pair.join('=')).join(' '),
      },
    ],
  });
  const manifest = contentOf({
    schemaVersion: 2,
    mediaType: ociManifest,
    config: { mediaType: ociConfig, digest: config.digest, size: config.size },
    layers: [{ mediaType: ociLayerZstd, digest: layer.digest, size: layer.size }],
  });
  const named = { name: recipe.image, mediaType: ociManifest, digest: manifest.digest, size: manifest.size };
  const plain = { digest: layer.digest, size: layer.size, content: layer.path };
  await writeLayoutArchive(path, [named], [plain, config, manifest]);
  return manifest.digest;
}

async function build(output: string, recipe: Recipe): Promise<BuiltImage> {
  const versions = packageVersions(recipe.packages);
  const key = keyOf(recipe, versions);
  const path = join(output, `${recipe.name}.tar`);
  const record = join(output, `${recipe.name}.json`);
  const result = { name: recipe.name, image: recipe.image, path };
  if (existsSync(record) && existsSync(path)) {
    const known = JSON.parse(readFileSync(record, 'utf8'));
    if (known.key === key) return { ...result, digest: known.digest, cached: true };
  }
  rmSync(record, { force: true });
  const work = mkdtempSync(join(output, `.${recipe.name}-`));
  try {
    const root = join(work, 'root');
    mkdirSync(root);
    unpackPackages(versions, join(output, '.packages'), root);
    recipe.arrange(stagingAt(root));
    const layer = await writeLayer(root, join(work, 'layer.tar'));
    const digest = await writeArchive(path, recipe, layer, versions);
    writeFileSync(`${record}.new`, `${JSON.stringify({ key, digest, image: recipe.image })}\n`);
    renameSync(`${record}.new`, record);
    return { ...result, digest, cached: false };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Makes the named images as OCI archives in `outputDirectory`; one that nothing has changed for is left as it is.
 * @throws ImageBuildError that says what is missing
 */
export async function buildImages(
  outputDirectory: string,
  names: readonly string[],
  options: BuildOptions = {},
): Promise<BuiltImage[]> {
  const known = recipes(options);
  mkdirSync(outputDirectory, { recursive: true });
  const built: BuiltImage[] = [];
  for (const name of names) {
    const recipe = known.find((candidate) => candidate.name === name);
    if (!recipe)
      throw new ImageBuildError(`there is no image ${name}; there are ${known.map((one) => one.name).join(', ')}`);
    built.push(await build(outputDirectory, recipe));
  }
  return built;
}

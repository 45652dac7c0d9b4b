import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemWorld, type World } from '@keelson/base';
import { listen } from '../listener.ts';
import { ociConfig, ociIndex, ociLayer, ociManifest } from '../manifests/media-types.ts';
import { digestOf } from '../names/digest.ts';
import { createRegistry, type Registry, type RegistryOptions } from '../registry.ts';
import { allowAll, type RegistryHandler } from '../server/access.ts';

/** What a test holds and must let go of. */
export interface TestRegistry extends AsyncDisposable {
  readonly registry: Registry;
  readonly url: string;
  readonly directory: string;
}

export async function temporaryFolder(): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'keelson-registry-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A registry on loopback with a folder of its own; without upstreams, and open to writes, unless told otherwise. */
export async function startRegistry(
  options: Partial<RegistryOptions> & { readonly wrap?: (handler: RegistryHandler) => RegistryHandler } = {},
): Promise<TestRegistry> {
  const folder = options.directory === undefined ? await temporaryFolder() : undefined;
  const directory = options.directory ?? folder!.path;
  const world: World = options.world ?? systemWorld();
  const registry = await createRegistry({ upstreams: {}, authorize: allowAll, ...options, directory, world });
  const handler = options.wrap?.(registry.handler) ?? registry.handler;
  const listener = await listen({ handler, log: silentLog });
  return {
    registry,
    url: listener.url,
    directory,
    [Symbol.asyncDispose]: async () => {
      await listener.close();
      await registry.close();
      await folder?.[Symbol.asyncDispose]();
    },
  };
}

/** An image made up for a test: its blobs and its manifest. */
export interface TestImage {
  readonly blobs: readonly Uint8Array[];
  readonly manifest: Uint8Array;
  readonly digest: string;
}

export function makeImage(content: string | Uint8Array, extra: object = {}): TestImage {
  const layer = Buffer.from(content as string);
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [digestOf(layer)] } }),
  );
  const describe = (mediaType: string, bytes: Uint8Array) => ({
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifest,
      config: describe(ociConfig, config),
      layers: [describe(ociLayer, layer)],
      ...extra,
    }),
  );
  return { blobs: [config, layer], manifest, digest: digestOf(manifest) };
}

export function makeIndex(images: readonly TestImage[]): { bytes: Uint8Array; digest: string } {
  const manifests = images.map(({ manifest, digest }, index) => ({
    mediaType: ociManifest,
    digest,
    size: manifest.length,
    platform: { os: 'linux', architecture: index === 0 ? 'amd64' : 'arm64' },
  }));
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests }));
  return { bytes, digest: digestOf(bytes) };
}

export async function pushBlob(url: string, name: string, blob: Uint8Array): Promise<Response> {
  return fetch(`${url}/v2/${name}/blobs/uploads/?digest=${digestOf(blob)}`, {
    method: 'POST',
    body: Buffer.from(blob),
  });
}

export async function pushManifest(
  url: string,
  name: string,
  reference: string,
  bytes: Uint8Array,
  type = ociManifest,
): Promise<Response> {
  return fetch(`${url}/v2/${name}/manifests/${reference}`, {
    method: 'PUT',
    headers: { 'content-type': type },
    body: Buffer.from(bytes),
  });
}

/** Pushes the image's blobs and its manifest; throws when the registry refuses one. */
export async function pushImage(url: string, name: string, reference: string, image: TestImage): Promise<void> {
  for (const blob of image.blobs) {
    const response = await pushBlob(url, name, blob);
    if (response.status !== 201) throw new Error(`blob: ${response.status} ${await response.text()}`);
  }
  const response = await pushManifest(url, name, reference, image.manifest);
  if (response.status !== 201) throw new Error(`manifest: ${response.status} ${await response.text()}`);
}

/** The status and the error codes of an answer. */
export async function outcome(response: Response): Promise<[number, ...string[]]> {
  const text = await response.text();
  const codes = text.startsWith('{"errors"')
    ? JSON.parse(text).errors.map((error: { code: string }) => error.code)
    : [];
  return [response.status, ...codes];
}

/** The JSON body of an answer. */
export async function json(response: Response): Promise<any> {
  return response.json();
}

import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { World } from '@keelson/base';
import { createRegistry, type LoadedImage, loadArchive, requestListener } from '@keelson/registry';
import type { DataDirectory } from '../data-directory.ts';

/** The region's image registry: it answers on a socket that every node relays to. */
export interface ImageRegistry {
  /** Puts the images of an archive where nodes find them. @throws ArchiveError, RegistryError */
  load(file: string, as: string | undefined): Promise<LoadedImage[]>;
  has(name: string): Promise<boolean>;
  close(): Promise<void>;
}

/** The folder in which the registry's socket lies; nodes see it under the same path. */
export function registryFolder(directory: DataDirectory): string {
  return `${directory.run}/registry`;
}

export function registrySocket(directory: DataDirectory): string {
  return `${registryFolder(directory)}/registry.sock`;
}

export async function openImageRegistry(world: World, directory: DataDirectory): Promise<ImageRegistry> {
  const registry = await createRegistry({ directory: `${directory.path}/images`, world });
  mkdirSync(registryFolder(directory), { recursive: true, mode: 0o700 });
  const path = registrySocket(directory);
  rmSync(path, { force: true });
  const server = createServer(requestListener(registry.handler, world.log));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
  return {
    load: (file, as) => loadArchive(registry.store, file, as === undefined ? {} : { as }),
    has: async (name) => {
      const { host, repository, reference } = splitName(name);
      const aborts = new AbortController();
      const response = await registry.handler({
        method: 'HEAD',
        target: `/v2/${repository}/manifests/${reference}?ns=${host}`,
        headers: {},
        body: (async function* () {})(),
        signal: aborts.signal,
        peer: { address: '', certificates: [] },
      });
      return response.status === 200;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await registry.close();
    },
  };
}

/** `keelson.internal/node:0.1.0` → host, repository and tag. */
function splitName(name: string): { host: string; repository: string; reference: string } {
  const slash = name.indexOf('/');
  const colon = name.lastIndexOf(':');
  return { host: name.slice(0, slash), repository: name.slice(slash + 1, colon), reference: name.slice(colon + 1) };
}

import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { World } from '@keelson/base';
import {
  createRegistry,
  formatImageName,
  type LoadedImage,
  loadArchive,
  parseImageName,
  requestListener,
} from '@keelson/registry';
import type { DataDirectory } from '../data-directory.ts';
import { nodeSocketFolder, registrySocket } from './node-sockets.ts';

/** The region's image registry: it answers on a socket that every node relays to. */
export interface ImageRegistry {
  /** Puts the images of an archive where nodes find them. @throws ArchiveError, RegistryError */
  load(file: string, as: string | undefined): Promise<LoadedImage[]>;
  /** The digest that a name stands for here; undefined when there is no such image. Never asks another registry. */
  digestOf(name: string): Promise<string | undefined>;
  close(): Promise<void>;
}

export async function openImageRegistry(world: World, directory: DataDirectory): Promise<ImageRegistry> {
  const registry = await createRegistry({ directory: `${directory.path}/images`, world });
  mkdirSync(nodeSocketFolder(directory), { recursive: true, mode: 0o700 });
  const path = registrySocket(directory);
  rmSync(path, { force: true });
  const server = createServer(requestListener(registry.handler, world.log));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
  return {
    load: (file, as) => loadArchive(registry.store, file, as === undefined ? {} : { as }),
    digestOf: async (name) => {
      const { host, path, tag = 'latest' } = parseImageName(name);
      return (await registry.store.manifest(formatImageName({ host, path }), tag))?.digest;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await registry.close();
    },
  };
}

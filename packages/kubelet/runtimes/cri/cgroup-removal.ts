import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

const root = '/sys/fs/cgroup';

/**
 * Removes a cgroup and the empty ones in it, in the one tree of version 2 or in each of version 1. What is in use or gone
 * already stays as it is.
 */
export async function removeCgroup(path: string): Promise<void> {
  const trees = [root, ...(await folders(root)).map((name) => join(root, name))];
  await Promise.all(trees.map((tree) => removeTree(join(tree, path))));
}

async function removeTree(path: string): Promise<void> {
  for (const name of await folders(path)) await removeTree(join(path, name));
  await rmdir(path).catch(() => {});
}

async function folders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

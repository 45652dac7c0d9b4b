import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Rotated logs are named after when they were: `0.log.20260102-030405`. */
const rotatedName = /\.\d{8}-\d{6}$/;

/** Moves a log of more than `limit` bytes aside; keeps `keep` of those. True: the log's writer has to open a new one. */
export async function rotateLog(path: string, limit: number, keep: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || found.size <= limit) return false;
  const [date, time] = found.mtime.toISOString().replaceAll(/[-:]/g, '').slice(0, 15).split('T') as [string, string];
  await rename(path, `${path}.${date}-${time}`);
  const older = (await rotatedOf(path)).sort().reverse();
  for (const name of older.slice(keep)) await rm(join(dirname(path), name), { force: true });
  return true;
}

/** Removes a log and what was rotated from it, or a folder with all that is in it. */
export async function removeLogs(path: string): Promise<void> {
  for (const name of await rotatedOf(path)) await rm(join(dirname(path), name), { force: true });
  await rm(path, { recursive: true, force: true });
}

async function rotatedOf(path: string): Promise<string[]> {
  const names = await readdir(dirname(path)).catch(() => []);
  const own = basename(path);
  return names.filter((name) => name.startsWith(`${own}.`) && rotatedName.test(name));
}

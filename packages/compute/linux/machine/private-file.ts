import { renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Writes a file that only its owner can read, whole or not at all. The folder may be the instance's too: what it put in
 * the way, such as a link, is removed and not followed.
 */
export function writePrivateFile(path: string, text: string): void {
  const staging = `${path}.new`;
  rmSync(staging, { recursive: true, force: true });
  writeFileSync(staging, text, { mode: 0o600, flag: 'wx' });
  renameSync(staging, path);
}

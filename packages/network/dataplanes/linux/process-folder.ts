import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files by which a process and whoever reconfigures it know of each other; neither has to outlive the other. */
export const configurationFile = 'configuration.json';
export const stateFile = 'state.json';

/** The text of a file, or undefined when there is none. */
export function readText(folder: string, file: string): string | undefined {
  try {
    return readFileSync(join(folder, file), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes a file in one step: who reads it finds the old text or the new. Only root may read it. */
export function replaceText(folder: string, file: string, text: string): void {
  const path = join(folder, file);
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** What a process tells in its state to say which configuration is in force. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

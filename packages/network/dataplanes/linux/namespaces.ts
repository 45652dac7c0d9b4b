import { readdirSync } from 'node:fs';
import type { Clock } from '@keelson/base';
import { CommandError, runCommand } from './run-command.ts';

/** Where `ip netns` keeps namespaces by name. */
export const namespaceFolder = '/run/netns';

/** How Keelson names what it makes outside its data directory: after that directory's identity. */
export function ownPrefix(identity: string): string {
  return `kl${identity}-`;
}

export function vpcNamespace(identity: string, vpcId: string): string {
  return `${ownPrefix(identity)}${vpcId}`;
}

/** The named network namespaces of this identity, without its prefix. */
export function ownNamespaces(identity: string): string[] {
  const prefix = ownPrefix(identity);
  let names: string[];
  try {
    names = readdirSync(namespaceFolder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}

/** Makes the namespace unless it is there. True when it was made. */
export async function addNamespace(clock: Clock, name: string): Promise<boolean> {
  try {
    await runCommand(['ip', 'netns', 'add', name], { clock });
    return true;
  } catch (error) {
    if (error instanceof CommandError && error.stderr.includes('File exists')) return false;
    throw error;
  }
}

/** Removes the namespace's name, and the namespace itself once no process is in it. */
export async function deleteNamespace(clock: Clock, name: string): Promise<void> {
  try {
    await runCommand(['ip', 'netns', 'delete', name], { clock });
  } catch (error) {
    if (error instanceof CommandError && error.stderr.includes('No such file')) return;
    throw error;
  }
}

/** The words that run a program inside a network namespace, given by its path. `ip netns exec` would remount /sys. */
export function inNamespace(path: string, command: readonly string[]): string[] {
  return ['nsenter', `--net=${path}`, '--', ...command];
}

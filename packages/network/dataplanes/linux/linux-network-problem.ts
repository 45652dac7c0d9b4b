import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { searchPath } from './run-command.ts';

const programs = ['ip', 'nft', 'nsenter', 'unshare', 'mount'];

/** The program's path, where iproute2, nftables and util-linux are looked for; undefined when it is not installed. */
export function findProgram(name: string): string | undefined {
  return searchPath
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** Why this machine cannot have VPCs, in words for a user; undefined when it can. */
export function linuxNetworkProblem(): string | undefined {
  if (process.platform !== 'linux') return `needs Linux, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = programs.filter((name) => findProgram(name) === undefined);
  return missing.length > 0 ? `needs ${missing.join(', ')} (iproute2, nftables, util-linux)` : undefined;
}

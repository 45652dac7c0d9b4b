import { enableCompileCache, flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@keelson/base';
import { type Command, runCommandLine, UsageError } from './command-line.ts';

/** Started by the region for each cluster. */
const controlPlaneCommand: Command = {
  name: 'control-plane',
  usage: 'NAME',
  summary: "One cluster's control plane; started by the region.",
  options: {},
  words: [1, 1],
  internal: true,
  run: async () => (await import('./process/control-plane-process.ts')).runControlPlane(flushCompileCache),
};

/** A control plane reads nothing of the other commands: there are many of it, and each start is waited for. */
async function commandsFor(word: string | undefined): Promise<readonly Command[]> {
  if (word === controlPlaneCommand.name) return [controlPlaneCommand];
  return [...(await import('./commands/commands.ts')).commands, controlPlaneCommand];
}

// What a process compiles of the bundle, the next one finds compiled. Where the folder cannot be written, nothing is kept.
if (import.meta.url.endsWith('.mjs')) enableCompileCache(fileURLToPath(new URL('compile-cache', import.meta.url)));
const words = process.argv.slice(2);
try {
  process.exitCode = await runCommandLine(await commandsFor(words[0]), words);
} catch (error) {
  const usage = error instanceof UsageError;
  process.stderr.write(
    `keelson: ${usage || !process.env['KEELSON_DEBUG'] ? messageOf(error) : (error as Error).stack}\n`,
  );
  process.exitCode = usage ? error.exitCode : 1;
}
// A worker or a socket that is left over must not keep a finished command from ending.
process.exit();

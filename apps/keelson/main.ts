import { messageOf } from '@keelson/base';
import { type Command, runCommandLine, UsageError } from './command-line.ts';
import { createClusterCommand, deleteClusterCommand } from './commands/cluster.ts';
import { doctorCommand } from './commands/doctor.ts';
import { downCommand, resetCommand } from './commands/down.ts';
import { envCommand } from './commands/env.ts';
import { eventsCommand } from './commands/events.ts';
import { imageLoadCommand } from './commands/image.ts';
import { kubectlCommand } from './commands/kubectl.ts';
import { logsCommand } from './commands/logs.ts';
import { statusCommand } from './commands/status.ts';
import { tokenCommand } from './commands/token.ts';
import { regionCommand, upCommand } from './commands/up.ts';

/** Started by the region for each cluster. Its code is loaded only there. */
const controlPlaneCommand: Command = {
  name: 'control-plane',
  usage: 'NAME',
  summary: "One cluster's control plane; started by the region.",
  options: {},
  words: [1, 1],
  internal: true,
  run: async () => (await import('./process/control-plane-process.ts')).runControlPlane(),
};

const commands: readonly Command[] = [
  upCommand,
  downCommand,
  resetCommand,
  statusCommand,
  envCommand,
  createClusterCommand,
  deleteClusterCommand,
  imageLoadCommand,
  kubectlCommand,
  tokenCommand,
  doctorCommand,
  logsCommand,
  eventsCommand,
  regionCommand,
  controlPlaneCommand,
];

try {
  process.exitCode = await runCommandLine(commands, process.argv.slice(2));
} catch (error) {
  const usage = error instanceof UsageError;
  process.stderr.write(
    `keelson: ${usage || !process.env['KEELSON_DEBUG'] ? messageOf(error) : (error as Error).stack}\n`,
  );
  process.exitCode = usage ? error.exitCode : 1;
}
// A worker or a socket that is left over must not keep a finished command from ending.
process.exit();

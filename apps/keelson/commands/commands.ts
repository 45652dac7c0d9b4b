import type { Command } from '../command-line.ts';
import { createClusterCommand, deleteClusterCommand } from './cluster.ts';
import { doctorCommand } from './doctor.ts';
import { downCommand, resetCommand } from './down.ts';
import { envCommand } from './env.ts';
import { eventsCommand } from './events.ts';
import { imageLoadCommand } from './image.ts';
import { kubectlCommand } from './kubectl.ts';
import { logsCommand } from './logs.ts';
import { statusCommand } from './status.ts';
import { tokenCommand } from './token.ts';
import { regionCommand, upCommand } from './up.ts';

/** What `keelson` can be told, in the order of its help. */
export const commands: readonly Command[] = [
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
];

/** The program of an instance's init. Its one argument is the file that tells it what to run. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createLog, formatLogEntry, messageOf, SystemClock, systemWorld } from '@keelson/base';
import { BoundedLogFile } from './bounded-log-file.ts';
import { InstanceInit, readInitConfiguration } from './instance-init.ts';

const configuration = readInitConfiguration(process.argv[2] ?? '');
mkdirSync(configuration.logFolder, { recursive: true });
const file = new BoundedLogFile(join(configuration.logFolder, 'init.log'), 2 ** 20);
const log = createLog(new SystemClock(), (entry) => file.write(Buffer.from(`${formatLogEntry(entry)}\n`)));
const world = systemWorld(log);
// The clock's timers keep no process alive, and an init has to stay.
const alive = setInterval(() => {}, 2 ** 30);

const init = new InstanceInit(world, configuration);
let stopping = false;
process.on('SIGTERM', () => {
  if (stopping) return;
  stopping = true;
  init
    .stop()
    .catch((error: unknown) => log.error('the instance was not stopped cleanly', { error: messageOf(error) }))
    .finally(() => {
      clearInterval(alive);
      process.exit(0);
    });
});
await init.start();
log.info('the instance runs');

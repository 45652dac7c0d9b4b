/** The program of an instance's init. Its one argument is the file that tells it what to run. */
import { createLog, formatLogEntry, messageOf, SystemClock, systemWorld } from '@keelson/base';
import { InstanceInit, readInitConfiguration } from './instance-init.ts';

const log = createLog(new SystemClock(), (entry) => process.stdout.write(`${formatLogEntry(entry)}\n`));
const world = systemWorld(log);
// The clock's timers keep no process alive, and an init has to stay.
const alive = setInterval(() => {}, 2 ** 30);

const init = new InstanceInit(world, readInitConfiguration(process.argv[2] ?? ''));
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

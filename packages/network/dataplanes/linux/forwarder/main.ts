/** The program of a forwarder, started in a VPC's network namespace. Its one argument is the folder it works from. */
import { createLog, formatLogEntry, messageOf, SystemClock, systemWorld } from '@keelson/base';
import { ForwarderProcess } from './forwarder-process.ts';

const log = createLog(new SystemClock(), (entry) => process.stderr.write(`${formatLogEntry(entry)}\n`));
// Listeners keep the process alive, timers do not; without a listener there is still a next configuration to wait for.
setInterval(() => {}, 2 ** 30);

const forwarder = new ForwarderProcess(systemWorld(log), process.argv[2] ?? '');
let loading = Promise.resolve();
const load = () => {
  loading = loading
    .then(() => forwarder.load())
    .catch((error: unknown) => log.error('the configuration was not followed', { error: messageOf(error) }));
};
process.on('SIGHUP', load);
process.on('SIGTERM', () => {
  forwarder.stop();
  process.exit(0);
});
load();

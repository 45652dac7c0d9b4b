/** The program of a VPC's resolver, started in the VPC's network namespace. Its one argument is the folder it works from. */
import { createLog, formatLogEntry, messageOf, SystemClock, systemWorld } from '@keelson/base';
import { ResolverProcess } from './resolver-process.ts';

const log = createLog(new SystemClock(), (entry) => process.stderr.write(`${formatLogEntry(entry)}\n`));
// Sockets keep the process alive, timers do not; before the VPC has its addresses there is no socket yet.
setInterval(() => {}, 2 ** 30);

const resolver = new ResolverProcess({ world: systemWorld(log), folder: process.argv[2] ?? '' });
let loading = Promise.resolve();
const load = () => {
  loading = loading
    .then(() => resolver.load())
    .catch((error: unknown) => log.error('the configuration was not followed', { error: messageOf(error) }));
};
process.on('SIGHUP', load);
process.on('SIGTERM', () => void resolver.stop().then(() => process.exit(0)));
load();

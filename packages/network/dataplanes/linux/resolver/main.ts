/**
 * The program of a VPC's resolver, started in the VPC's network namespace: `resolver FOLDER`. As `resolver outside FOLDER`
 * it is the one that asks the host's resolvers for all of them. FOLDER is what it works from.
 */
import { createLog, formatLogEntry, messageOf, SystemClock, systemWorld } from '@keelson/base';
import { ResolverProcess } from './resolver-process.ts';

const world = systemWorld(createLog(new SystemClock(), (entry) => process.stderr.write(`${formatLogEntry(entry)}\n`)));
// Sockets keep the process alive, timers do not; before the VPC has its addresses there is no socket yet.
setInterval(() => {}, 2 ** 30);

const folder = process.argv.at(-1) ?? '';
const running =
  process.argv.at(-2) === 'outside'
    ? import('./outside-process.ts').then(({ OutsideProcess }) => new OutsideProcess(world, folder))
    : Promise.resolve(new ResolverProcess({ world, folder }));
let loading = Promise.resolve();
const load = () => {
  loading = loading
    .then(async () => (await running).load())
    .catch((error: unknown) => world.log.error('the configuration was not followed', { error: messageOf(error) }));
};
process.on('SIGHUP', load);
process.on('SIGTERM', async () => {
  await (await running).stop();
  process.exit(0);
});
load();

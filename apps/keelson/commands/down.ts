import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SystemClock, systemWorld } from '@keelson/base';
import { MachineCgroups, parseHierarchies } from '@keelson/compute/linux/machine/cgroups.ts';
import { deleteNamespace, ownNamespaces, ownPrefix } from '@keelson/network/dataplanes/linux/namespaces.ts';
import { type Command, UsageError } from '../command-line.ts';
import { type DataDirectory, dataDirectory, readIdentity } from '../data-directory.ts';
import { endProcess, keepAwake } from '../process/background-process.ts';
import { forgetProcess, runningProcess } from '../process/process-file.ts';
import { emptyRegion } from '../process/store-place.ts';
import { formatDuration } from '../progress.ts';
import { dataOption, runningRegion } from './running-region.ts';

const clock = new SystemClock();

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The records of processes that outlive the region's: control planes, machines, forwarders, resolvers. */
function processFiles(directory: DataDirectory): string[] {
  const clusters = entriesOf(directory.run)
    .filter((name) => name.startsWith('cluster-') && name.endsWith('.json'))
    .map((name) => join(directory.run, name));
  const folders = ['instances', 'load-balancers', 'resolvers'].map((name) => join(directory.path, name));
  return [
    ...clusters,
    ...folders.flatMap((folder) => entriesOf(folder).map((name) => join(folder, name, 'process.json'))),
  ];
}

/** The region's network namespaces and control groups, which a region that was killed could not take away. */
async function removeLeftovers(directory: DataDirectory): Promise<void> {
  const identity = readIdentity(directory);
  if (identity?.compute !== 'linux') return;
  for (const name of ownNamespaces(identity.id)) await deleteNamespace(clock, `${ownPrefix(identity.id)}${name}`);
  const hierarchies = parseHierarchies(readFileSync('/proc/self/mountinfo', 'utf8'));
  new MachineCgroups(hierarchies, ownPrefix(identity.id).slice(0, -1)).removeAll();
}

/** Ends everything of the region, also what a killed region process has left running. */
async function stopEverything(data: string | undefined): Promise<void> {
  const directory = dataDirectory(data);
  const pid = runningProcess(directory.regionProcessFile);
  const gone = () => runningProcess(directory.regionProcessFile) !== pid;
  if (pid !== undefined) {
    await runningRegion(data).ask('POST', '/shutdown');
    const deadline = clock.monotonic() + 60_000;
    while (!gone() && clock.monotonic() < deadline)
      await keepAwake(new Promise<void>((resolve) => clock.setTimer(20, resolve)));
    await endProcess(pid, () => !gone(), clock);
  }
  await Promise.all(
    processFiles(directory).map(async (file) => {
      const left = runningProcess(file);
      if (left !== undefined) await endProcess(left, () => runningProcess(file) === left, clock);
      forgetProcess(file);
    }),
  );
  await keepAwake(removeLeftovers(directory));
  forgetProcess(directory.regionProcessFile);
}

export const downCommand: Command = {
  name: 'down',
  usage: '[--data DIR]',
  summary: "Stops everything; the data stays, and 'up' brings everything back as it was.",
  options: dataOption,
  words: [0, 0],
  run: async (_, options) => {
    const started = performance.now();
    await stopEverything(options.text('data'));
    process.stdout.write(
      `Down in ${formatDuration(performance.now() - started)}; 'keelson up' brings everything back.\n`,
    );
    return 0;
  },
};

export const resetCommand: Command = {
  name: 'reset',
  usage: '--data DIR --yes',
  summary: 'Stops everything and removes all of it.',
  options: { ...dataOption, yes: { type: 'boolean' } },
  words: [0, 0],
  run: async (_, options) => {
    const data = options.text('data');
    if (data === undefined) throw new UsageError('reset takes --data DIR: the directory to remove');
    const directory = dataDirectory(data);
    const identity = readIdentity(directory);
    if (identity === undefined) throw new UsageError(`${directory.path} holds no region; nothing was removed`, 1);
    if (!options.flag('yes')) throw new UsageError(`this removes everything in ${directory.path}; say so with --yes`);
    await stopEverything(data);
    await keepAwake(emptyRegion(identity, systemWorld()));
    rmSync(directory.path, { recursive: true, force: true });
    process.stdout.write(`Removed ${directory.path}.\n`);
    return 0;
  },
};

import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type Command, type Options, UsageError } from '../command-line.ts';
import {
  type DataDirectory,
  dataDirectory,
  openDataDirectory,
  type RegionIdentity,
  readIdentity,
  writeIdentity,
} from '../data-directory.ts';
import { installPackages, linuxObstacle, missingPackages } from '../linux-prerequisites.ts';
import { keepAwake, startInBackground } from '../process/background-process.ts';
import { runningProcess } from '../process/process-file.ts';
import { type EtcdSettings, etcdEndpoints } from '../process/store-place.ts';
import { formatDuration, Progress } from '../progress.ts';
import type { StartReport } from '../region/region-process.ts';
import { dataOption } from './running-region.ts';

const defaults = { region: 'ap-northeast-2', account: '000000000000', port: 4566 };

/** Which compute a new region has: the one asked for, or linux where this machine can; says which and why. */
function chooseCompute(asked: string): RegionIdentity['compute'] {
  if (asked === 'simulated') return 'simulated';
  const instead = (reason: string): RegionIdentity['compute'] => {
    if (asked === 'linux') throw new UsageError(`linux compute is not possible here: ${reason}`, 1);
    process.stdout.write(`Nodes are simulated: ${reason}.\n`);
    return 'simulated';
  };
  const obstacle = linuxObstacle();
  if (obstacle !== undefined) return instead(obstacle);
  const missing = missingPackages();
  if (missing.length > 0) {
    process.stdout.write(
      `Installing Debian packages for nodes whose pods are containers: ${missing.join(' ')}\n(--compute simulated does without)\n`,
    );
    const failure = installPackages(missing);
    if (failure !== undefined) return instead(`${missing.join(', ')} could not be installed: ${failure}`);
  }
  return 'linux';
}

/** The etcd that the region is to be kept in, with what kube-apiserver's flags of these names say. */
function etcdSettings(options: Options): EtcdSettings | undefined {
  const files = { caFile: 'etcd-cafile', certFile: 'etcd-certfile', keyFile: 'etcd-keyfile' };
  const given = Object.entries(files).flatMap(([name, flag]) => {
    const path = options.text(flag);
    return path === undefined ? [] : [[name, resolve(path)]];
  });
  const url = options.text('store');
  if (url !== undefined) return { endpoints: etcdEndpoints(url), ...Object.fromEntries(given) };
  if (given.length > 0) throw new UsageError('certificate files of etcd need --store');
  return undefined;
}

function settle(directory: DataDirectory, options: Options): RegionIdentity {
  const region = options.text('region');
  const account = options.text('account');
  const port = options.integer('port', 1, 65_535);
  const compute = options.text('compute') ?? 'auto';
  const historySeconds = options.integer('history', 1, 86_400);
  const store = etcdSettings(options);
  if (region !== undefined && !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region))
    throw new UsageError(`'${region}' is no AWS region's name`);
  if (account !== undefined && !/^\d{12}$/.test(account)) throw new UsageError('--account takes twelve digits');
  if (!['auto', 'linux', 'simulated'].includes(compute))
    throw new UsageError('--compute takes auto, linux or simulated');
  const present = readIdentity(directory);
  if (present === undefined) {
    return writeIdentity(directory, {
      region: region ?? defaults.region,
      account: account ?? defaults.account,
      port: port ?? defaults.port,
      compute: chooseCompute(compute),
      ...(historySeconds && { historySeconds }),
      ...(store && { store }),
    });
  }
  const differs = (name: string, asked: unknown, kept: unknown) => {
    if (asked !== undefined && asked !== kept) {
      throw new UsageError(
        `the region in ${directory.path} has ${name} ${kept}; it cannot become ${asked}: use another --data, or 'keelson reset' first`,
      );
    }
  };
  differs('region', region, present.region);
  differs('account', account, present.account);
  differs('port', port, present.port);
  differs('the store', store?.endpoints.join(), present.store?.endpoints.join() ?? 'files of its directory');
  if (historySeconds === undefined || historySeconds === present.historySeconds) return present;
  return writeIdentity(directory, { ...present, historySeconds });
}

function nextSteps(identity: RegionIdentity): string {
  return `
Region ${identity.region} answers at http://127.0.0.1:${identity.port} (account ${identity.account}, ${identity.compute} compute).

Next:
  eval "$(./keelson env)"                    points aws, kubectl and terraform here
  ./keelson create cluster demo --nodes 3    a cluster with three nodes, and a kubeconfig for it
  aws ec2 describe-vpcs                      or start from AWS' own commands
`;
}

/** Follows what the starting region tells; resolves to the error, or undefined when it answers. */
async function follow(reports: Readable, progress: Progress): Promise<string | undefined> {
  for await (const line of createInterface({ input: reports })) {
    const report = JSON.parse(line) as StartReport;
    if ('step' in report) progress.begin(report.step);
    else if ('error' in report) {
      progress.fail();
      return report.error;
    } else {
      progress.done();
      return undefined;
    }
  }
  progress.fail();
  return 'the region ended before it answered';
}

async function up(options: Options): Promise<number> {
  const directory = dataDirectory(options.text('data'));
  const started = performance.now();
  openDataDirectory(directory);
  const identity = settle(directory, options);
  if (runningProcess(directory.regionProcessFile) !== undefined) {
    process.stdout.write(`The region is up.\n${nextSteps(identity)}`);
    return 0;
  }
  if (options.flag('foreground')) {
    const { runRegion } = await import('../region/region-process.ts');
    return runRegion(directory, (report) => {
      if ('error' in report) process.stderr.write(`${report.error}\n`);
    });
  }
  const progress = new Progress();
  const logFile = `${directory.logs}/region.log`;
  const child = startInBackground({ args: ['region', '--data', directory.path], logFile, reports: true });
  child.stdin?.end();
  const failure = await keepAwake(follow(child.stdio[3] as Readable, progress));
  child.unref();
  if (failure !== undefined) throw new UsageError(`${failure}\n(more in ${logFile})`, 1);
  process.stdout.write(`Up in ${formatDuration(performance.now() - started)}.\n${nextSteps(identity)}`);
  return 0;
}

export const upCommand: Command = {
  name: 'up',
  usage:
    '[--data DIR] [--region NAME] [--account DIGITS] [--port N] [--compute auto|linux|simulated] [--history SECONDS] [--store etcd://HOST:PORT,… [--etcd-cafile FILE] [--etcd-certfile FILE --etcd-keyfile FILE]] [--foreground]',
  summary: 'Starts the region, and brings back what was in it.',
  options: {
    ...dataOption,
    region: { type: 'string' },
    account: { type: 'string' },
    port: { type: 'string' },
    compute: { type: 'string' },
    history: { type: 'string' },
    store: { type: 'string' },
    'etcd-cafile': { type: 'string' },
    'etcd-certfile': { type: 'string' },
    'etcd-keyfile': { type: 'string' },
    foreground: { type: 'boolean' },
  },
  words: [0, 0],
  run: (_, options) => up(options),
};

/** The region's own process. */
export const regionCommand: Command = {
  name: 'region',
  usage: '--data DIR',
  summary: 'The region itself; started by up.',
  options: dataOption,
  words: [0, 0],
  internal: true,
  run: async (_, options) => {
    const { reportTo, runRegion } = await import('../region/region-process.ts');
    return runRegion(dataDirectory(options.text('data')), reportTo(3));
  },
};

/** A region that is measured: its own processes, its clusters and nodes, and what they take of the machine. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AwsCallError, AwsCaller } from '@keelson/app/commands/aws-call.ts';
import { type RunningRegion, runningRegion } from '@keelson/app/commands/running-region.ts';
import { runningProcess } from '@keelson/app/process/process-file.ts';
import { createEksToken } from '@keelson/aws-protocol';
import { SystemClock } from '@keelson/base';
import {
  type Client,
  createClient,
  kubernetesResources,
  type ResourceClient,
  tlsTransport,
  type WatchEvent,
  type WatchOptions,
} from '@keelson/client';
import type { ApiObject } from '@keelson/model';

const root = join(import.meta.dirname, '..');
const clock = new SystemClock();
/** How often something that is awaited is asked for again, and how long processes are left alone to see what idling costs. */
const pollInterval = 10;
const idleTime = 20_000;
const waitLimit = 60_000;

export interface Figure {
  readonly work: string;
  readonly median: string;
  readonly range: string;
}

/** Seconds of CPU that a process has had. */
function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident and proportional set size of a process in mebibytes. */
function memoryOf(pid: number): { readonly resident: number; readonly proportional: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const value = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1024;
  return { resident: value('Rss'), proportional: value('Pss') };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Runs the program to its end. @throws Error with what it said when it fails */
export function keelson(...args: string[]): Promise<void> {
  const child = spawn(process.execPath, [join(root, 'keelson'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`keelson ${args.join(' ')}\n${said}`))));
  });
}

/** Asks until the answer is true; a refusal counts as not yet. Resolves to the milliseconds that it took. */
export async function until(what: string, ask: () => Promise<boolean>): Promise<number> {
  const began = performance.now();
  for (;;) {
    try {
      if (await ask()) return performance.now() - began;
    } catch (error) {
      if (performance.now() - began > waitLimit) throw error;
    }
    if (performance.now() - began > waitLimit) throw new Error(`not within ${waitLimit} ms: ${what}`);
    await delay(pollInterval);
  }
}

/**
 * What there is and what becomes of it: asking again and again would take the CPU time of which the measured work has
 * little enough. Ends with an error when that takes too long.
 */
export async function* watched<T extends ApiObject>(
  resource: ResourceClient<T>,
  options: Omit<WatchOptions, 'signal'>,
): AsyncIterable<WatchEvent<T>> {
  const signal = AbortSignal.timeout(waitLimit);
  for await (const event of resource.watch({ ...options, signal })) if (event.type !== 'BOOKMARK') yield event;
  throw new Error(`what was watched for did not come about within ${waitLimit} ms`);
}

/** Whether a pod or node has the condition Ready. */
export function isReady(object: { readonly status?: { readonly conditions?: readonly object[] } }): boolean {
  const conditions = (object.status?.conditions ?? []) as { readonly type: string; readonly status: string }[];
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** Milliseconds. */
export interface Creation {
  readonly active: number;
  readonly listed: number;
  readonly kubectl?: number;
  readonly region: number;
  readonly controlPlane: number;
}

export class MeasuredRegion {
  readonly #region: RunningRegion;
  readonly #aws: AwsCaller;
  readonly #kubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
  #subnets: string[] = [];

  constructor(data: string) {
    this.#region = runningRegion(data);
    this.#aws = new AwsCaller(this.#region);
  }

  async prepare(): Promise<void> {
    for (const [name, service] of Object.entries({ cluster: 'eks', node: 'ec2' })) {
      const statement = {
        Effect: 'Allow',
        Principal: { Service: `${service}.amazonaws.com` },
        Action: 'sts:AssumeRole',
      };
      const document = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await this.#aws.query('iam', { Action: 'CreateRole', RoleName: name, AssumeRolePolicyDocument: document });
    }
    const policies = ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy', 'AmazonEC2ContainerRegistryPullOnly'];
    for (const policy of policies) {
      const PolicyArn = `arn:aws:iam::aws:policy/${policy}`;
      await this.#aws.query('iam', { Action: 'AttachRolePolicy', RoleName: 'node', PolicyArn });
    }
    const subnets = await this.#aws.query('ec2', { Action: 'DescribeSubnets' });
    this.#subnets = [...subnets.matchAll(/<subnetId>([^<]+)</g)].map((match) => match[1]!);
  }

  #role(name: string): string {
    return `arn:aws:iam::${this.#region.identity.account}:role/${name}`;
  }

  async #token(clusterName: string): Promise<string> {
    const { region, port } = this.#region.identity;
    const endpoint = `http://127.0.0.1:${port}`;
    const credentials = await this.#aws.credentials();
    return createEksToken({ clusterName, credentials, region, endpoint, now: clock.now() });
  }

  /**
   * Makes a cluster; times from the call to ACTIVE, to the first list of namespaces, and to the first one by kubectl, and
   * the CPU time that the region's and the cluster's process had until then.
   */
  async createCluster(name: string): Promise<Creation> {
    const { directory } = this.#region;
    const regionProcess = runningProcess(directory.regionProcessFile)!;
    const before = cpuSeconds(regionProcess);
    const began = performance.now();
    const resourcesVpcConfig = { subnetIds: this.#subnets };
    await this.#aws.eks('POST', '/clusters', { name, roleArn: this.#role('cluster'), resourcesVpcConfig });
    const describe = async () => (await this.#aws.eks('GET', `/clusters/${name}`)).cluster;
    await until('the cluster is ACTIVE', async () => (await describe()).status === 'ACTIVE');
    const active = performance.now() - began;
    await this.withClient(name, async (client) => {
      const namespaces = client.resource(kubernetesResources.namespaces);
      await until('namespaces are listed', async () => (await namespaces.list()).items.length > 0);
    });
    const listed = performance.now() - began;
    const region = (cpuSeconds(regionProcess) - before) * 1000;
    const controlPlane = cpuSeconds(runningProcess(directory.cluster(name).processFile)!) * 1000;
    const creation = { active, listed, region, controlPlane };
    if (!this.#kubectl) return creation;
    const { endpoint, certificateAuthority } = await describe();
    const authority = join(this.#region.directory.path, `${name}.crt`);
    writeFileSync(authority, Buffer.from(certificateAuthority.data, 'base64'));
    const flags = ['--server', endpoint, '--certificate-authority', authority, '--token', await this.#token(name)];
    const called = performance.now();
    const { status, stderr } = spawnSync('kubectl', [...flags, 'get', 'namespaces'], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`kubectl get namespaces: ${stderr}`);
    return { ...creation, kubectl: listed + performance.now() - called };
  }

  /** The API of a cluster, as who made it. */
  async withClient<T>(name: string, use: (client: Client) => Promise<T>): Promise<T> {
    const { cluster } = await this.#aws.eks('GET', `/clusters/${name}`);
    const ca = Buffer.from(cluster.certificateAuthority.data, 'base64').toString();
    const token = await this.#token(name);
    const transport = tlsTransport({ url: cluster.endpoint, ca, clock, token: async () => token });
    try {
      return await use(createClient({ send: transport.send, clock, userAgent: 'bench' }));
    } finally {
      transport.close();
    }
  }

  /** From CreateNodegroup until so many nodes are Ready. */
  async createNodes(clusterName: string, count: number): Promise<number> {
    return this.withClient(clusterName, async (client) => {
      const began = performance.now();
      await this.#aws.eks('POST', `/clusters/${clusterName}/node-groups`, {
        nodegroupName: 'workers',
        nodeRole: this.#role('node'),
        subnets: this.#subnets,
        instanceTypes: ['t3.medium'],
        scalingConfig: { minSize: 1, maxSize: count, desiredSize: count },
      });
      const ready = new Set<string>();
      for await (const { object } of watched(client.resource(kubernetesResources.nodes), {})) {
        if (isReady(object)) ready.add(object.metadata!.name!);
        if (ready.size === count) break;
      }
      return performance.now() - began;
    });
  }

  async #gone(path: string): Promise<void> {
    await until(`${path} is gone`, () =>
      this.#aws.eks('GET', path).then(
        () => false,
        (error: unknown) => error instanceof AwsCallError && error.code === 'ResourceNotFoundException',
      ),
    );
  }

  async deleteCluster(name: string): Promise<void> {
    const groups = `/clusters/${name}/node-groups`;
    for (const group of (await this.#aws.eks('GET', groups)).nodegroups as string[]) {
      await this.#aws.eks('DELETE', `${groups}/${group}`);
      await this.#gone(`${groups}/${group}`);
    }
    await this.#aws.eks('DELETE', `/clusters/${name}`);
    await this.#gone(`/clusters/${name}`);
  }

  /** Memory and, over `idleTime`, the share of a core that the region's and one cluster's process take. */
  async idle(clusterName: string): Promise<Figure[]> {
    const { directory } = this.#region;
    const processes = {
      'region process': runningProcess(directory.regionProcessFile)!,
      'control-plane process': runningProcess(directory.cluster(clusterName).processFile)!,
    };
    const began = performance.now();
    const before = Object.values(processes).map(cpuSeconds);
    await delay(idleTime);
    const seconds = (performance.now() - began) / 1000;
    return Object.entries(processes).map(([name, pid], index) => {
      const { resident, proportional } = memoryOf(pid);
      const share = ((cpuSeconds(pid) - before[index]!) / seconds) * 100;
      const memory = `${Math.round(resident)} MiB resident, ${Math.round(proportional)} MiB proportional`;
      return { work: name, median: memory, range: `${share.toFixed(2)} % of a core idle` };
    });
  }
}

/** Median and range of times in milliseconds; nothing when there are none. */
export function figure(work: string, times: readonly (number | undefined)[]): Figure[] {
  const sorted = times.filter((time) => time !== undefined).sort((one, other) => one - other);
  if (sorted.length === 0) return [];
  const text = (time: number) => `${Math.round(time)} ms`;
  const median = text(sorted[Math.floor((sorted.length - 1) / 2)]!);
  return [{ work, median, range: `${text(sorted[0]!)} to ${text(sorted.at(-1)!)}` }];
}

/**
 * Starts a region on this kind of compute in a directory of its own, and removes all of it when it has been measured.
 */
export async function measureRegion(
  compute: 'simulated' | 'linux',
  measure: (region: MeasuredRegion, data: string) => Promise<Figure[]>,
): Promise<Figure[]> {
  const data = mkdtempSync(join(tmpdir(), 'keelson-bench-'));
  try {
    await keelson('up', '--data', data, '--port', String(await freePort()), '--compute', compute);
    const region = new MeasuredRegion(data);
    await region.prepare();
    return await measure(region, data);
  } finally {
    await keelson('reset', '--yes', '--data', data);
    rmSync(data, { recursive: true, force: true });
  }
}

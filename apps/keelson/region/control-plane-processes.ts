import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { collectBody, messageOf, type World } from '@keelson/base';
import { type Client, createClient, type TlsTransport, tlsTransport } from '@keelson/client';
import { type ControlPlaneHost, type ControlPlaneStart, eksAdministratorCertificate } from '@keelson/cluster';
import { type DataDirectory, type RegionIdentity, writePrivateFile } from '../data-directory.ts';
import { endProcess, startInBackground } from '../process/background-process.ts';
import { forgetProcess, recordProcess, runningProcess } from '../process/process-file.ts';
import { clusterStorePlace, emptyStore, type StorePlace } from '../process/store-place.ts';
import { SpareKey } from './spare-key.ts';

/** What a control plane's process is told on its standard input. */
export interface ControlPlaneProcessInput extends ControlPlaneStart {
  /** Set where the control plane has a network namespace of its own: it inherits the listener on the host's loopback. */
  readonly inherited?: { readonly descriptor: number; readonly privatePort: number };
  /** What the data directory has of the cluster. */
  readonly folder: string;
  readonly store: StorePlace;
  readonly regionSocket: string;
  /** How far back watches and paged lists may go, in milliseconds. */
  readonly historyWindow?: number;
}

/** The namespace of a control plane in its VPC. */
export interface ControlPlaneNetwork {
  /** Makes that of an interface and connects it; idempotent. `enter` are the words that start a program in it. */
  prepare(interfaceId: string): Promise<{ readonly enter: readonly string[] }>;
  remove(interfaceId: string): Promise<void>;
}

/** Where a control plane answers on its own addresses in the VPC. */
const privatePort = 443;

interface Known {
  readonly settings: string;
  readonly child?: ChildProcess;
  readonly probe: TlsTransport;
}

/** How often processes that an earlier region process started are looked at, in milliseconds. */
const watchInterval = 1_000;

/**
 * A process for each control plane. They outlive this one: a later region process finds them by their records and takes
 * them over as they run.
 */
export class ControlPlaneProcesses implements ControlPlaneHost {
  readonly #world: World;
  readonly #directory: DataDirectory;
  readonly #network: ControlPlaneNetwork | undefined;
  readonly #identity: RegionIdentity;
  readonly #historyWindow: number | undefined;
  readonly #known = new Map<string, Known>();
  readonly #keys: SpareKey;
  readonly #listeners = new Set<(clusterName: string) => void>();
  #watching: NodeJS.Timeout | undefined;

  /** `network` gives each control plane a namespace in its VPC; without it they share the host's network. */
  constructor(world: World, directory: DataDirectory, identity: RegionIdentity, network?: ControlPlaneNetwork) {
    this.#world = world;
    this.#directory = directory;
    this.#network = network;
    this.#identity = identity;
    this.#historyWindow = identity.historySeconds && identity.historySeconds * 1000;
    this.#keys = new SpareKey(world.clock);
  }

  nodeEndpoint(port: number, privateAddresses: readonly string[]): string {
    const address = this.#network && privateAddresses[0];
    return address ? `https://${address}:${privatePort}` : `https://127.0.0.1:${port}`;
  }

  async allocatePort(taken: ReadonlySet<number>): Promise<number> {
    for (;;) {
      const port = await freePort();
      if (!taken.has(port)) return port;
    }
  }

  serviceAccountKey(): Promise<string> {
    return this.#keys.take();
  }

  async start(start: ControlPlaneStart): Promise<void> {
    const { clusterName } = start;
    const files = this.#directory.cluster(clusterName);
    const [interfaceId = ''] = start.networkInterfaceIds;
    const history = this.#historyWindow === undefined ? '' : ` ${this.#historyWindow}`;
    const settings = `${start.uid} ${start.minor} ${start.port} ${interfaceId}${history}`;
    const alive = this.#pid(clusterName);
    if (alive !== undefined && readSettings(files.path) === settings) {
      if (this.#known.get(clusterName)?.settings !== settings) this.#take(start, settings);
      return;
    }
    if (alive !== undefined) await this.#end(clusterName, alive);
    // What is left of another cluster of this name goes with it.
    if (readSettings(files.path)?.split(' ')[0] !== start.uid) await this.#removeStore(clusterName);
    mkdirSync(files.path, { recursive: true, mode: 0o700 });
    writePrivateFile(`${files.path}/settings`, settings);
    const namespace = await this.#network?.prepare(interfaceId);
    const listener = namespace === undefined ? undefined : await openListener(start.port);
    const child = startInBackground({
      args: ['control-plane', clusterName],
      logFile: files.log,
      ...(namespace === undefined ? {} : { prefix: namespace.enter }),
      ...(listener === undefined ? {} : { descriptors: [descriptorOf(listener)] }),
    });
    // The child has a copy of its own; this one must not take connections.
    listener?.close();
    child.once('error', (error) =>
      this.#world.log.error('a control plane could not be started', { cluster: clusterName, error: messageOf(error) }),
    );
    if (child.pid === undefined) throw new Error('no process could be started');
    recordProcess(files.processFile, child.pid);
    const input: ControlPlaneProcessInput = {
      ...start,
      ...(listener === undefined ? {} : { inherited: { descriptor: 3, privatePort } }),
      folder: files.path,
      store: this.#place(clusterName),
      regionSocket: this.#directory.regionSocket,
      ...(this.#historyWindow && { historyWindow: this.#historyWindow }),
    };
    child.stdin?.on('error', () => {});
    child.stdin?.end(JSON.stringify(input));
    child.unref();
    child.once('exit', (code, signal) => this.#exited(clusterName, child, code ?? signal));
    this.#take(start, settings, child);
  }

  async ready(start: ControlPlaneStart): Promise<boolean> {
    const probe = this.#known.get(start.clusterName)?.probe;
    if (probe === undefined) return false;
    try {
      const status = await readiness(probe);
      if (status !== 401) return status === 200;
      // Anonymous requests may be off in this cluster: then it is asked by somebody who is known.
      const known = this.#administratorTransport(start);
      const answer = await readiness(known).finally(() => known.close());
      return answer === 200;
    } catch {
      return false;
    }
  }

  async remove(clusterName: string): Promise<void> {
    const alive = this.#pid(clusterName);
    if (alive !== undefined) await this.#end(clusterName, alive);
    this.#release(clusterName);
    const files = this.#directory.cluster(clusterName);
    const interfaceId = readSettings(files.path)?.split(' ')[3];
    if (interfaceId) await this.#network?.remove(interfaceId);
    forgetProcess(files.processFile);
    await this.#removeStore(clusterName);
    rmSync(files.log, { force: true });
  }

  #place(clusterName: string): StorePlace {
    return clusterStorePlace(this.#directory.cluster(clusterName), this.#identity, clusterName);
  }

  async #removeStore(clusterName: string): Promise<void> {
    await emptyStore(this.#place(clusterName), this.#world);
    rmSync(this.#directory.cluster(clusterName).path, { recursive: true, force: true });
  }

  administrator(start: ControlPlaneStart): Client {
    const { send } = this.#administratorTransport(start);
    return createClient({ send, clock: this.#world.clock, userAgent: 'eks' });
  }

  #administratorTransport(start: ControlPlaneStart): TlsTransport {
    const { certificate, key } = eksAdministratorCertificate(this.#world, start.keys);
    const { clock } = this.#world;
    return tlsTransport({ url: start.endpoint, ca: start.keys.authority.certificate, certificate, key, clock });
  }

  onExit(listener: (clusterName: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends every control plane, gracefully; their stores stay. */
  async stopAll(clusterNames: readonly string[]): Promise<void> {
    this.#listeners.clear();
    await Promise.all(
      clusterNames.map(async (name) => {
        const pid = this.#pid(name);
        if (pid !== undefined) await this.#end(name, pid);
      }),
    );
  }

  /** Lets go of the processes; they run on. */
  close(): void {
    clearInterval(this.#watching);
    for (const name of this.#known.keys()) this.#release(name);
  }

  #pid(clusterName: string): number | undefined {
    return runningProcess(this.#directory.cluster(clusterName).processFile);
  }

  #take(start: ControlPlaneStart, settings: string, child?: ChildProcess): void {
    this.#release(start.clusterName);
    const probe = tlsTransport({
      url: start.endpoint,
      ca: start.keys.authority.certificate,
      clock: this.#world.clock,
      connectTimeout: 1_000,
    });
    this.#known.set(start.clusterName, { settings, probe, ...(child ? { child } : {}) });
    this.#watching ??= setInterval(() => this.#watchTakenOver(), watchInterval).unref();
  }

  #release(clusterName: string): void {
    this.#known.get(clusterName)?.probe.close();
    this.#known.delete(clusterName);
  }

  async #end(clusterName: string, pid: number): Promise<void> {
    this.#release(clusterName);
    await endProcess(pid, () => this.#pid(clusterName) === pid, this.#world.clock);
    forgetProcess(this.#directory.cluster(clusterName).processFile);
  }

  /** Processes that are no children of this one end without a word. */
  #watchTakenOver(): void {
    for (const [name, known] of this.#known) {
      if (known.child === undefined && this.#pid(name) === undefined) this.#tellEnd(name, 'unknown');
    }
  }

  #exited(clusterName: string, child: ChildProcess, how: unknown): void {
    if (this.#known.get(clusterName)?.child === child) this.#tellEnd(clusterName, how);
  }

  #tellEnd(clusterName: string, how: unknown): void {
    this.#release(clusterName);
    this.#world.log.warn('a control plane has ended', { cluster: clusterName, how });
    for (const listener of this.#listeners) listener(clusterName);
  }
}

function readSettings(folder: string): string | undefined {
  try {
    return readFileSync(`${folder}/settings`, 'utf8');
  } catch {
    return undefined;
  }
}

/** A listener on the loopback address, for the child to inherit. */
function openListener(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => resolve(server));
  });
}

/** Node has no public name for a listener's descriptor, which a child inherits by its number. */
function descriptorOf(server: Server): number {
  return (server as unknown as { _handle: { fd: number } })._handle.fd;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** The status of /readyz. Rejects when nobody answers in time. */
async function readiness(transport: TlsTransport): Promise<number> {
  const response = await transport.send({
    method: 'GET',
    target: '/readyz',
    headers: {},
    body: new Uint8Array(0),
    signal: AbortSignal.timeout(2_000),
    peer: { address: '', certificates: [] },
  });
  await collectBody(response.body);
  return response.status;
}

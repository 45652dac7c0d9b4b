import type { Duplex } from 'node:stream';
import { jitter, randomHex, sleep, type World } from '@keelson/base';
import {
  type ContainerSpec,
  type ContainerStats,
  type ContainerStreams,
  type ExecResult,
  type ImageCredentials,
  type Runtime,
  type RuntimeContainer,
  RuntimeError,
  type RuntimeImage,
  type RuntimePod,
  type RuntimeSandbox,
  type RuntimeStatus,
  type SandboxSpec,
} from '../../runtime.ts';
import { type ContainerScript, scriptOf } from './simulation-annotations.ts';

/** How long the things that a real runtime does take here, in milliseconds. */
export interface SimulatedDelays {
  readonly sandbox: number;
  readonly create: number;
  readonly start: number;
  /** From the stop signal to the end of a container. */
  readonly stop: number;
  readonly pull: number;
}

const plausible: SimulatedDelays = { sandbox: 150, create: 20, start: 70, stop: 100, pull: 2_000 };

export interface SimulatedRuntimeOptions {
  readonly world: World;
  readonly delays?: Partial<SimulatedDelays>;
  /** Gives a pod its address, and takes it back. */
  readonly addresses: SimulatedAddresses;
  /** The size of an image in bytes, or undefined when no registry has it. By default every image exists. */
  readonly imageSize?: (name: string) => number | undefined;
}

export interface SimulatedAddresses {
  claim(sandbox: SandboxSpec): Promise<readonly string[]> | readonly string[];
  release(addresses: readonly string[]): void;
}

interface Sandbox extends RuntimeSandbox {
  ready: boolean;
  addresses: readonly string[];
  readonly spec: SandboxSpec;
}

interface Container extends RuntimeContainer {
  state: RuntimeContainer['state'];
  startedAt: number;
  finishedAt: number;
  exitCode: number;
  reason: string;
  readonly script: ContainerScript;
  /** Aborts when it has ended. */
  readonly ended: AbortController;
}

interface Pod extends RuntimePod {
  readonly sandboxes: Sandbox[];
  readonly containers: Container[];
}

const nothingRuns = 'the node is simulated, its containers are states without processes';
const usualSize = 50_000_000;

/**
 * A runtime without containers: what it is asked to run goes through the states of a real one, after plausible delays,
 * and runs until it is stopped or until the pod's simulation annotations say that it ends.
 */
export class SimulatedRuntime implements Runtime {
  readonly simulated = true;
  readonly #world: World;
  readonly #delays: SimulatedDelays;
  readonly #options: SimulatedRuntimeOptions;
  readonly #pods = new Map<string, Pod>();
  readonly #podOfSandbox = new Map<string, Pod>();
  readonly #containers = new Map<string, { readonly pod: Pod; readonly container: Container }>();
  readonly #images = new Map<string, RuntimeImage>();
  readonly #listeners = new Set<(uid: string) => void>();

  constructor(options: SimulatedRuntimeOptions) {
    this.#world = options.world;
    this.#options = options;
    this.#delays = { ...plausible, ...options.delays };
  }

  async version(): Promise<string> {
    return 'simulated://1.0.0';
  }

  async status(): Promise<RuntimeStatus> {
    const fine = { ok: true, reason: '', message: '' };
    return { runtime: fine, network: fine };
  }

  async runSandbox(spec: SandboxSpec): Promise<string> {
    await this.#take('sandbox');
    const addresses = spec.hostNetwork ? [] : await this.#options.addresses.claim(spec);
    const id = randomHex(this.#world.random, 64);
    const { uid, name, namespace } = spec.pod;
    let pod = this.#pods.get(uid);
    if (pod === undefined) this.#pods.set(uid, (pod = { uid, name, namespace, sandboxes: [], containers: [] }));
    const sandbox = { id, attempt: spec.attempt, ready: true, createdAt: this.#world.clock.now(), addresses, spec };
    pod.sandboxes.unshift(sandbox);
    this.#podOfSandbox.set(id, pod);
    this.#changed(uid);
    return id;
  }

  async stopSandbox(id: string): Promise<void> {
    const sandbox = this.#podOfSandbox.get(id)?.sandboxes.find((one) => one.id === id);
    if (sandbox === undefined || !sandbox.ready) return;
    const pod = this.#podOfSandbox.get(id)!;
    for (const container of pod.containers) if (container.sandboxId === id) this.#finish(container, 137, 'Error');
    sandbox.ready = false;
    this.#options.addresses.release(sandbox.addresses);
    this.#changed(pod.uid);
  }

  async removeSandbox(id: string): Promise<void> {
    const pod = this.#podOfSandbox.get(id);
    if (pod === undefined) return;
    await this.stopSandbox(id);
    remove(pod.sandboxes, (sandbox) => sandbox.id === id);
    this.#podOfSandbox.delete(id);
    for (const container of pod.containers.filter(({ sandboxId }) => sandboxId === id))
      await this.removeContainer(container.id);
    if (pod.sandboxes.length === 0) this.#pods.delete(pod.uid);
  }

  async createContainer(sandboxId: string, spec: ContainerSpec, sandbox: SandboxSpec): Promise<string> {
    await this.#take('create');
    const pod = this.#podOfSandbox.get(sandboxId);
    if (pod === undefined) throw new RuntimeError('NotFound', `an error occurred when try to find sandbox: not found`);
    const id = randomHex(this.#world.random, 64);
    const container: Container = {
      id,
      name: spec.name,
      attempt: spec.attempt,
      sandboxId,
      state: 'created',
      createdAt: this.#world.clock.now(),
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      reason: '',
      message: '',
      image: spec.image,
      imageRef: spec.imageRef,
      annotations: spec.annotations,
      logPath: `${sandbox.logDirectory}/${spec.logPath}`,
      script: scriptOf(sandbox.annotations, spec.name, spec.role === 'init'),
      ended: new AbortController(),
    };
    pod.containers.unshift(container);
    this.#containers.set(id, { pod, container });
    return id;
  }

  async startContainer(id: string): Promise<void> {
    const { pod, container } = this.#container(id);
    await this.#take('start');
    if (container.state !== 'created')
      throw new RuntimeError('Unknown', `container is in ${container.state} state, which is not created`);
    container.state = 'running';
    container.startedAt = this.#world.clock.now();
    const { runsFor, exitCode } = container.script;
    if (runsFor !== undefined)
      this.#world.clock.setTimer(runsFor, () => {
        if (this.#finish(container, exitCode, exitCode === 0 ? 'Completed' : 'Error')) this.#changed(pod.uid);
      });
    this.#changed(pod.uid);
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    const known = this.#containers.get(id);
    if (known === undefined || known.container.state !== 'running') return;
    const grace = graceSeconds * 1000;
    const { ignoresStop } = known.container.script;
    const { signal } = known.container.ended;
    await sleep(this.#world.clock, ignoresStop ? grace : Math.min(this.#delays.stop, grace), signal);
    const killed = ignoresStop || grace === 0;
    if (this.#finish(known.container, killed ? 137 : 0, killed ? 'Error' : 'Completed')) this.#changed(known.pod.uid);
  }

  async removeContainer(id: string): Promise<void> {
    const known = this.#containers.get(id);
    if (known === undefined) return;
    this.#finish(known.container, 137, 'Error');
    remove(known.pod.containers, (container) => container.id === id);
    this.#containers.delete(id);
  }

  async updateContainer(id: string): Promise<void> {
    this.#container(id);
  }

  async pods(): Promise<RuntimePod[]> {
    return [...this.#pods.values()].map(copyOf);
  }

  async pod(uid: string): Promise<RuntimePod> {
    const pod = this.#pods.get(uid);
    return pod === undefined ? { uid, name: '', namespace: '', sandboxes: [], containers: [] } : copyOf(pod);
  }

  onChange(listener: (uid: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async imageStatus(name: string): Promise<RuntimeImage | undefined> {
    return (
      this.#images.get(name) ??
      [...this.#images.values()].find(({ id, digests }) => id === name || digests.includes(name))
    );
  }

  async pullImage(name: string, _credentials: ImageCredentials | undefined): Promise<string> {
    await this.#take('pull');
    const size = this.#options.imageSize === undefined ? usualSize : this.#options.imageSize(name);
    if (size === undefined) {
      const message = `failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${name}: not found`;
      throw new RuntimeError('NotFound', message);
    }
    const known = this.#images.get(name);
    if (known !== undefined) return known.digests[0]!;
    const digest = `sha256:${randomHex(this.#world.random, 64)}`;
    const repository = name.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
    const image = { id: digest, names: [name], digests: [`${repository}@${digest}`], size, user: '', uid: undefined };
    this.#images.set(name, image);
    return image.digests[0]!;
  }

  async images(): Promise<RuntimeImage[]> {
    return [...this.#images.values()];
  }

  async removeImage(id: string): Promise<void> {
    for (const [name, image] of this.#images) if (image.id === id) this.#images.delete(name);
  }

  async execSync(): Promise<ExecResult> {
    throw new RuntimeError('Unimplemented', nothingRuns);
  }

  async exec(): Promise<ContainerStreams> {
    throw new RuntimeError('Unimplemented', nothingRuns);
  }

  async attach(): Promise<ContainerStreams> {
    throw new RuntimeError('Unimplemented', nothingRuns);
  }

  async portForward(): Promise<Duplex> {
    throw new RuntimeError('Unimplemented', nothingRuns);
  }

  async reopenLog(): Promise<void> {}

  async removeCgroup(): Promise<void> {}

  async stats(): Promise<ContainerStats[]> {
    return [];
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }

  #container(id: string): { readonly pod: Pod; readonly container: Container } {
    const known = this.#containers.get(id);
    if (known === undefined)
      throw new RuntimeError('NotFound', `an error occurred when try to find container "${id}": not found`);
    return known;
  }

  #finish(container: Container, exitCode: number, reason: string): boolean {
    if (container.state !== 'running' && container.state !== 'created') return false;
    container.state = 'exited';
    container.finishedAt = this.#world.clock.now();
    container.exitCode = exitCode;
    container.reason = reason;
    container.ended.abort();
    return true;
  }

  #take(what: keyof SimulatedDelays): Promise<void> {
    return sleep(this.#world.clock, jitter(this.#world.random, this.#delays[what], 0.5));
  }

  #changed(uid: string): void {
    for (const listener of this.#listeners) listener(uid);
  }
}

function copyOf(pod: Pod): RuntimePod {
  return {
    ...pod,
    sandboxes: pod.sandboxes.map((sandbox) => ({ ...sandbox })),
    containers: pod.containers.map((container) => ({ ...container })),
  };
}

function remove<T>(list: T[], matches: (item: T) => boolean): void {
  const at = list.findIndex(matches);
  if (at >= 0) list.splice(at, 1);
}

/** Addresses of a /16 of one's own, handed out in order; for tests and for simulated nodes without a VPC. */
export function addressesFrom(prefix: string): SimulatedAddresses {
  const taken = new Set<number>();
  let last = 1;
  return {
    claim() {
      for (let tries = 0; tries < 65_000; tries++) {
        last = last >= 65_000 ? 2 : last + 1;
        if (taken.has(last)) continue;
        taken.add(last);
        return [`${prefix}.${last >> 8}.${last & 255}`];
      }
      throw new RuntimeError('Unknown', `no address is left in ${prefix}.0.0/16`);
    },
    release(addresses) {
      for (const address of addresses) {
        const [, , third, fourth] = address.split('.').map(Number) as [number, number, number, number];
        taken.delete(third * 256 + fourth);
      }
    },
  };
}

import type { Duplex } from 'node:stream';
import { messageOf, sleep, type World } from '@keelson/base';
import {
  type AttachRequest,
  type ContainerSpec,
  type ContainerStats,
  type ContainerStreams,
  type ExecRequest,
  type ExecResult,
  type ImageCredentials,
  type ResourceSpec,
  type Runtime,
  type RuntimeContainer,
  RuntimeError,
  type RuntimeImage,
  type RuntimePod,
  type RuntimeSandbox,
  type RuntimeStatus,
  type SandboxSpec,
} from '../../runtime.ts';
import { removeCgroup } from './cgroup-removal.ts';
import { CriChannel } from './cri-channel.ts';
import { containerConfig, containerResources, podLabels, sandboxConfig } from './cri-configuration.ts';
import { connectStreams, dialPort } from './cri-streams.ts';

export interface CriRuntimeOptions {
  readonly world: World;
  /** The path of the runtime's socket. */
  readonly socket: string;
  /** How often the runtime is asked what has changed, in milliseconds. Default 1000. */
  readonly relistInterval?: number;
}

const usual = 120_000;
const longPull = 30 * 60_000;
const containerStates: RuntimeContainer['state'][] = ['created', 'running', 'exited', 'unknown'];

/** A runtime behind the Container Runtime Interface: containerd. Changes are found by listing, as 1.6 tells of none. */
export class CriRuntime implements Runtime {
  readonly simulated = false;
  readonly #channel: CriChannel;
  readonly #world: World;
  readonly #interval: number;
  readonly #listeners = new Set<(uid: string) => void>();
  readonly #stop = new AbortController();
  #seen = new Map<string, string>();
  #away = false;
  #relisting: Promise<void> | undefined;

  constructor(options: CriRuntimeOptions) {
    this.#channel = new CriChannel(options.socket, options.world.clock);
    this.#world = options.world;
    this.#interval = options.relistInterval ?? 1000;
  }

  async version(): Promise<string> {
    const { runtime_name, runtime_version } = await this.#runtime('Version', { version: 'v1' });
    return `${runtime_name}://${String(runtime_version).replace(/^v/, '')}`;
  }

  async status(): Promise<RuntimeStatus> {
    const { status } = await this.#runtime('Status', {}, 10_000);
    const of = (type: string) => {
      const found = status.conditions.find((condition: { type: string }) => condition.type === type);
      return { ok: found?.status === true, reason: found?.reason ?? '', message: found?.message ?? '' };
    };
    return { runtime: of('RuntimeReady'), network: of('NetworkReady') };
  }

  async runSandbox(spec: SandboxSpec): Promise<string> {
    const request = { config: sandboxConfig(spec), runtime_handler: spec.runtimeHandler };
    return (await this.#runtime('RunPodSandbox', request, 2 * usual)).pod_sandbox_id;
  }

  async stopSandbox(id: string): Promise<void> {
    await ignoreMissing(this.#runtime('StopPodSandbox', { pod_sandbox_id: id }));
  }

  async removeSandbox(id: string): Promise<void> {
    await ignoreMissing(this.#runtime('RemovePodSandbox', { pod_sandbox_id: id }));
  }

  async createContainer(sandboxId: string, container: ContainerSpec, sandbox: SandboxSpec): Promise<string> {
    const request = {
      pod_sandbox_id: sandboxId,
      config: containerConfig(container, sandbox),
      sandbox_config: sandboxConfig(sandbox),
    };
    return (await this.#runtime('CreateContainer', request)).container_id;
  }

  async startContainer(id: string): Promise<void> {
    await this.#runtime('StartContainer', { container_id: id });
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    const timeout = Math.ceil(graceSeconds);
    await ignoreMissing(this.#runtime('StopContainer', { container_id: id, timeout }, timeout * 1000 + usual));
  }

  async removeContainer(id: string): Promise<void> {
    await ignoreMissing(this.#runtime('RemoveContainer', { container_id: id }));
  }

  async updateContainer(id: string, limits: ResourceSpec): Promise<void> {
    await this.#runtime('UpdateContainerResources', { container_id: id, linux: containerResources(limits) });
  }

  async pods(): Promise<RuntimePod[]> {
    const [sandboxes, containers] = await this.#lists({});
    const uids = new Set([...sandboxes, ...containers].map(({ labels }) => labels[podLabels.uid] ?? ''));
    uids.delete('');
    return Promise.all([...uids].map((uid) => this.#assemble(uid, sandboxes, containers)));
  }

  async pod(uid: string): Promise<RuntimePod> {
    const [sandboxes, containers] = await this.#lists({ [podLabels.uid]: uid });
    return this.#assemble(uid, sandboxes, containers);
  }

  onChange(listener: (uid: string) => void): () => void {
    this.#listeners.add(listener);
    this.#relisting ??= this.#relist();
    return () => this.#listeners.delete(listener);
  }

  async imageStatus(name: string): Promise<RuntimeImage | undefined> {
    const { image } = await this.#images('ImageStatus', { image: { image: name } });
    return image ? imageOf(image) : undefined;
  }

  async pullImage(name: string, credentials: ImageCredentials | undefined, sandbox: SandboxSpec): Promise<string> {
    const auth = credentials && {
      username: credentials.username,
      password: credentials.password,
      server_address: credentials.serverAddress,
    };
    const request = { image: { image: name }, ...(auth && { auth }), sandbox_config: sandboxConfig(sandbox) };
    return (await this.#images('PullImage', request, longPull)).image_ref;
  }

  async images(): Promise<RuntimeImage[]> {
    return (await this.#images('ListImages', {})).images.map(imageOf);
  }

  async removeImage(id: string): Promise<void> {
    await this.#images('RemoveImage', { image: { image: id } });
  }

  async execSync(id: string, command: readonly string[], timeout: number): Promise<ExecResult> {
    const seconds = Math.max(Math.ceil(timeout / 1000), 1);
    const request = { container_id: id, cmd: command, timeout: seconds };
    const { stdout, stderr, exit_code } = await this.#runtime('ExecSync', request, seconds * 1000 + 10_000);
    return { exitCode: exit_code, stdout, stderr };
  }

  async exec(id: string, { command, ...streams }: ExecRequest): Promise<ContainerStreams> {
    const { url } = await this.#runtime('Exec', { container_id: id, cmd: command, ...streams });
    return connectStreams(url, streams);
  }

  async attach(id: string, streams: AttachRequest): Promise<ContainerStreams> {
    const { url } = await this.#runtime('Attach', { container_id: id, ...streams });
    return connectStreams(url, streams);
  }

  async portForward(sandboxId: string, port: number): Promise<Duplex> {
    const { url } = await this.#runtime('PortForward', { pod_sandbox_id: sandboxId, port: [port] });
    return dialPort(url, port);
  }

  async reopenLog(id: string): Promise<void> {
    await this.#runtime('ReopenContainerLog', { container_id: id });
  }

  removeCgroup(path: string): Promise<void> {
    return removeCgroup(path);
  }

  async stats(): Promise<ContainerStats[]> {
    const { stats } = await this.#runtime('ListContainerStats', {});
    return stats.map((one: any) => ({
      pod: {
        uid: one.attributes.labels[podLabels.uid] ?? '',
        name: one.attributes.labels[podLabels.name] ?? '',
        namespace: one.attributes.labels[podLabels.namespace] ?? '',
      },
      container: one.attributes.metadata.name,
      time: milliseconds(one.cpu?.timestamp ?? 0),
      cpuNanoseconds: BigInt(one.cpu?.usage_core_nano_seconds?.value ?? 0),
      memoryWorkingSet: Number(one.memory?.working_set_bytes?.value ?? 0),
      filesystemBytes: Number(one.writable_layer?.used_bytes?.value ?? 0),
    }));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#listeners.clear();
    await this.#relisting;
    this.#channel.close();
  }

  #runtime(method: string, request: object, timeout = usual): Promise<any> {
    return this.#channel.call('RuntimeService', method, request, timeout);
  }

  #images(method: string, request: object, timeout = usual): Promise<any> {
    return this.#channel.call('ImageService', method, request, timeout);
  }

  async #lists(labels: Record<string, string>): Promise<[any[], any[]]> {
    const filter = { filter: { label_selector: labels } };
    const [{ items }, { containers }] = await Promise.all([
      this.#runtime('ListPodSandbox', filter),
      this.#runtime('ListContainers', filter),
    ]);
    return [items, containers];
  }

  async #assemble(uid: string, allSandboxes: readonly any[], allContainers: readonly any[]): Promise<RuntimePod> {
    const own = ({ labels }: any) => labels[podLabels.uid] === uid;
    const sandboxes = await Promise.all(allSandboxes.filter(own).map((sandbox) => this.#sandbox(sandbox)));
    const containers = await Promise.all(allContainers.filter(own).map((container) => this.#container(container)));
    const labels = [...allSandboxes, ...allContainers].find(own)?.labels ?? {};
    return {
      uid,
      name: labels[podLabels.name] ?? '',
      namespace: labels[podLabels.namespace] ?? '',
      sandboxes: sandboxes.filter((one) => one !== undefined).sort(newestFirst),
      containers: containers.filter((one) => one !== undefined).sort(newestFirst),
    };
  }

  async #sandbox({ id }: any): Promise<RuntimeSandbox | undefined> {
    const answer = await orMissing(this.#runtime('PodSandboxStatus', { pod_sandbox_id: id }));
    if (answer === undefined) return undefined;
    const { metadata, state, created_at, network } = answer.status;
    const addresses = [network?.ip ?? '', ...(network?.additional_ips ?? []).map(({ ip }: { ip: string }) => ip)];
    return {
      id,
      attempt: metadata.attempt,
      ready: state === 0,
      createdAt: milliseconds(created_at),
      addresses: addresses.filter((address) => address !== ''),
    };
  }

  async #container({ id, pod_sandbox_id }: any): Promise<RuntimeContainer | undefined> {
    const answer = await orMissing(this.#runtime('ContainerStatus', { container_id: id }));
    if (answer === undefined) return undefined;
    const { status } = answer;
    return {
      id,
      name: status.metadata.name,
      attempt: status.metadata.attempt,
      sandboxId: pod_sandbox_id,
      state: containerStates[status.state] ?? 'unknown',
      createdAt: milliseconds(status.created_at),
      startedAt: milliseconds(status.started_at),
      finishedAt: milliseconds(status.finished_at),
      exitCode: status.exit_code,
      reason: status.reason,
      message: status.message,
      image: status.image?.image ?? '',
      imageRef: status.image_ref,
      annotations: status.annotations,
      logPath: status.log_path,
    };
  }

  async #relist(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const [sandboxes, containers] = await this.#lists({});
        this.#setAway(undefined);
        this.#compare([...sandboxes, ...containers]);
      } catch (thrown) {
        if (!this.#stop.signal.aborted) this.#setAway(messageOf(thrown));
      }
      await sleep(this.#world.clock, this.#interval, this.#stop.signal);
    }
  }

  #setAway(error: string | undefined): void {
    if ((error !== undefined) === this.#away) return;
    this.#away = error !== undefined;
    if (this.#away) this.#world.log.warn('the runtime does not answer', { error });
    else this.#world.log.info('the runtime answers again');
    for (const listener of this.#listeners) listener('');
  }

  #compare(things: readonly { id: string; state: number; labels: Record<string, string> }[]): void {
    const states = new Map<string, string[]>();
    for (const { id, state, labels } of things) {
      const uid = labels[podLabels.uid];
      if (uid === undefined) continue;
      const known = states.get(uid);
      if (known === undefined) states.set(uid, [`${id}${state}`]);
      else known.push(`${id}${state}`);
    }
    const now = new Map([...states].map(([uid, parts]) => [uid, parts.sort().join(' ')]));
    const before = this.#seen;
    this.#seen = now;
    for (const uid of new Set([...before.keys(), ...now.keys()]))
      if (before.get(uid) !== now.get(uid)) for (const listener of this.#listeners) listener(uid);
  }
}

function newestFirst(
  one: { attempt: number; createdAt: number },
  other: { attempt: number; createdAt: number },
): number {
  return other.createdAt - one.createdAt || other.attempt - one.attempt;
}

/** Nanoseconds since 1970 in milliseconds. */
function milliseconds(nanoseconds: number): number {
  return Math.floor(nanoseconds / 1_000_000);
}

function imageOf({ id, repo_tags, repo_digests, size, uid, username }: any): RuntimeImage {
  return {
    id,
    names: repo_tags,
    digests: repo_digests,
    size: Number(size),
    user: username,
    // Without a user name, an absent uid is the root that an image has by default.
    uid: uid ? Number(uid.value) : username === '' ? 0 : undefined,
  };
}

async function orMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (thrown) {
    if (thrown instanceof RuntimeError && thrown.code === 'NotFound') return undefined;
    throw thrown;
  }
}

async function ignoreMissing(call: Promise<unknown>): Promise<void> {
  await orMissing(call);
}

import type { Duplex, Readable, Writable } from 'node:stream';

/**
 * What runs containers, modelled on CRI (kubernetes/cri-api runtime/v1). A runtime remembers what it runs and whose it
 * is, so that a kubelet that starts anew finds everything again.
 *
 * Methods reject with RuntimeError. Stopping and removing what is stopped or gone already succeeds.
 */
export interface Runtime {
  /** True when no container really runs: logs and exec then say so. */
  readonly simulated: boolean;
  /** As nodeInfo.containerRuntimeVersion shows it: `containerd://1.6.20`. */
  version(): Promise<string>;
  status(): Promise<RuntimeStatus>;

  /** Makes and starts a sandbox with its network; resolves to its id. */
  runSandbox(sandbox: SandboxSpec): Promise<string>;
  stopSandbox(id: string): Promise<void>;
  removeSandbox(id: string): Promise<void>;

  createContainer(sandboxId: string, container: ContainerSpec, sandbox: SandboxSpec): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** SIGTERM (or the image's own stop signal), then SIGKILL after `graceSeconds`; resolves when it has ended. */
  stopContainer(id: string, graceSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  /** Gives a container that runs other limits, without stopping it. */
  updateContainer(id: string, resources: ResourceSpec): Promise<void>;

  /** All that the runtime has of every pod. */
  pods(): Promise<RuntimePod[]>;
  /** What it has of one pod; no sandboxes and containers when it has nothing. */
  pod(uid: string): Promise<RuntimePod>;
  /**
   * Calls `listener` with the uid of a pod of which something may have changed, and with '' when the runtime itself has
   * gone away or come back. Returns what ends it.
   */
  onChange(listener: (uid: string) => void): () => void;

  /** Undefined when the image is not here. */
  imageStatus(name: string): Promise<RuntimeImage | undefined>;
  /** Resolves to the image's reference (`docker.io/library/nginx@sha256:…`). */
  pullImage(name: string, credentials: ImageCredentials | undefined, sandbox: SandboxSpec): Promise<string>;
  images(): Promise<RuntimeImage[]>;
  removeImage(id: string): Promise<void>;

  /** Runs a command to its end. A command that was not over after `timeout` milliseconds: code DeadlineExceeded. */
  execSync(id: string, command: readonly string[], timeout: number): Promise<ExecResult>;
  exec(id: string, request: ExecRequest): Promise<ContainerStreams>;
  attach(id: string, request: AttachRequest): Promise<ContainerStreams>;
  /** Removes the cgroup that a pod's sandboxes were put into (`SandboxSpec.cgroupParent`), once nothing is in it. */
  removeCgroup(path: string): Promise<void>;
  /** A connection to a TCP port inside the pod's network. */
  portForward(sandboxId: string, port: number): Promise<Duplex>;
  /** The container goes on writing to a new file at its log path. */
  reopenLog(id: string): Promise<void>;

  stats(): Promise<ContainerStats[]>;
  close(): Promise<void>;
}

/** The gRPC codes that CRI answers with, as words. */
export type RuntimeErrorCode =
  | 'NotFound'
  | 'DeadlineExceeded'
  | 'Unavailable'
  | 'InvalidArgument'
  | 'Unimplemented'
  | 'Unknown';

/** A refusal by the runtime. The message is the runtime's own, without the code. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  readonly code: RuntimeErrorCode;

  constructor(code: RuntimeErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** How upstream's kubelet prints what came over CRI. */
export function runtimeMessage(thrown: unknown): string {
  if (thrown instanceof RuntimeError) return `rpc error: code = ${thrown.code} desc = ${thrown.message}`;
  return thrown instanceof Error ? thrown.message : String(thrown);
}

export interface RuntimeCondition {
  readonly ok: boolean;
  readonly reason: string;
  readonly message: string;
}

export interface RuntimeStatus {
  readonly runtime: RuntimeCondition;
  readonly network: RuntimeCondition;
}

/** Which pod a sandbox or container belongs to; every runtime keeps it with the thing. */
export interface PodIdentity {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
}

export type NamespaceMode = 'pod' | 'container' | 'node';

export interface SandboxSpec {
  readonly pod: PodIdentity;
  readonly attempt: number;
  readonly hostname: string;
  /** The folder in which the containers' logs lie. */
  readonly logDirectory: string;
  readonly dns: ResolverConfig | undefined;
  readonly portMappings: readonly PortMapping[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly hostNetwork: boolean;
  readonly pid: NamespaceMode;
  readonly hostIPC: boolean;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly privileged: boolean;
  readonly security: SecuritySpec;
  readonly cgroupParent: string;
  readonly runtimeHandler: string;
}

/** What resolv.conf holds. */
export interface ResolverConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface PortMapping {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIP: string;
}

/** Who a process is and what it may do. */
export interface SecuritySpec {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly supplementalGroups: readonly number[];
  readonly readOnlyRootFilesystem: boolean;
  readonly allowPrivilegeEscalation: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly seccomp: {
    readonly type: 'RuntimeDefault' | 'Unconfined' | 'Localhost';
    readonly localhostProfile?: string;
  };
  readonly selinux?: { readonly user: string; readonly role: string; readonly type: string; readonly level: string };
}

export interface ContainerSpec {
  readonly name: string;
  readonly role: 'init' | 'sidecar' | 'main' | 'ephemeral';
  readonly attempt: number;
  /** The name from the pod, for the record. */
  readonly image: string;
  /** What `pullImage` or `imageStatus` told. */
  readonly imageRef: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDirectory: string;
  readonly env: readonly (readonly [string, string])[];
  readonly mounts: readonly MountSpec[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Relative to the sandbox' log directory. */
  readonly logPath: string;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly privileged: boolean;
  readonly security: SecuritySpec;
  readonly resources: ResourceSpec;
  readonly pid: NamespaceMode;
  /** The container whose processes it shares instead of what `pid` says. */
  readonly pidOf?: string;
}

export interface MountSpec {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly readOnly: boolean;
  readonly propagation: 'private' | 'hostToContainer' | 'bidirectional';
}

/** Limits in the kernel's units; 0 means none. */
export interface ResourceSpec {
  readonly cpuPeriod: number;
  readonly cpuQuota: number;
  readonly cpuShares: number;
  readonly memoryLimit: number;
  readonly oomScoreAdjust: number;
}

export interface RuntimePod extends PodIdentity {
  /** Newest first. */
  readonly sandboxes: readonly RuntimeSandbox[];
  /** Newest first. */
  readonly containers: readonly RuntimeContainer[];
}

export interface RuntimeSandbox {
  readonly id: string;
  readonly attempt: number;
  readonly ready: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** The pod's addresses, the primary first; none for a sandbox on the host's network. */
  readonly addresses: readonly string[];
}

export interface RuntimeContainer {
  readonly id: string;
  readonly name: string;
  readonly attempt: number;
  readonly sandboxId: string;
  readonly state: 'created' | 'running' | 'exited' | 'unknown';
  /** Milliseconds since 1970; 0 for what has not happened. */
  readonly createdAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  /** `Completed`, `Error`, `OOMKilled`, … */
  readonly reason: string;
  readonly message: string;
  readonly image: string;
  readonly imageRef: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Where its log lies on the node. */
  readonly logPath: string;
}

export interface RuntimeImage {
  readonly id: string;
  readonly names: readonly string[];
  readonly digests: readonly string[];
  readonly size: number;
  readonly user: string;
  readonly uid: number | undefined;
}

export interface ImageCredentials {
  readonly username: string;
  readonly password: string;
  readonly serverAddress: string;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

export interface AttachRequest {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export interface ExecRequest extends AttachRequest {
  readonly command: readonly string[];
}

/** A process' streams while a client is connected to it. */
export interface ContainerStreams {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable | undefined;
  readonly stderr: Readable | undefined;
  resize(size: TerminalSize): void;
  /** Resolves to the exit code when the process has ended and its output is complete; of an attachment: 0 at its end. */
  readonly exit: Promise<number>;
  /** The client has gone. */
  close(): void;
}

export interface ContainerStats {
  readonly pod: PodIdentity;
  readonly container: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Cumulative, in core nanoseconds. */
  readonly cpuNanoseconds: bigint;
  readonly memoryWorkingSet: number;
  readonly filesystemBytes: number;
}

import type { Container, EphemeralContainer, Pod } from '@keelson/model/generated/types/core-v1.ts';
import type { KubeletContext } from '../kubelet-context.ts';
import { toldStatus } from '../pods/container-status.ts';
import type { PodPlace } from '../pods/field-reference.ts';
import type { PodEvents } from '../pods/pod-events.ts';
import { containerHash, hashAnnotation, isSidecar, newestContainer } from '../pods/pod-plan.ts';
import { pidMode } from '../pods/sandbox-spec.ts';
import { type ContainerSpec, type MountSpec, type RuntimePod, runtimeMessage, type SandboxSpec } from '../runtime.ts';
import type { PodVolumes } from '../volumes/pod-volumes.ts';
import { containerSecurity, rootRefusal } from './container-security.ts';
import { environmentOf } from './environment.ts';
import { expand } from './expansion.ts';
import { runHook } from './lifecycle-hook.ts';
import { nodeMemory, resourceLimits } from './resource-limits.ts';
import { limitsAnnotation } from './running-limits.ts';
import { StartError } from './start-error.ts';

export interface StartRequest {
  readonly pod: Pod;
  readonly container: Container | EphemeralContainer;
  readonly runtimePod: RuntimePod;
  readonly sandboxId: string;
  readonly sandbox: SandboxSpec;
  readonly place: PodPlace;
  readonly volumes: PodVolumes;
  readonly events: PodEvents;
  /** Aborts when the pod is to end. */
  readonly signal: AbortSignal;
}

const retryConfig = 10_000;
/** Where a pod's hosts file lies among its files. */
export const hostsFileName = 'etc-hosts';
const defaultTerminationPath = '/dev/termination-log';

/**
 * Takes one container from its spec to running: image, configuration, creation, start, postStart. Resolves to its id.
 * @throws StartError with the reason and message of the waiting state; its Event has been recorded.
 */
export async function startContainer(request: StartRequest, context: KubeletContext): Promise<string> {
  const { pod, events } = request;
  const container = request.container as Container;
  const tell = (type: 'Normal' | 'Warning', reason: string, message: string) =>
    events.container(container.name, type, reason, message);
  const fail = (reason: string, message: string, retryAfter = retryConfig): StartError => {
    tell('Warning', 'Failed', `Error: ${message}`);
    return new StartError(reason, message, retryAfter);
  };
  let imageRef: string;
  try {
    imageRef = await Promise.race([ensureImage(request, context, tell), interrupted(request.signal)]);
  } catch (thrown) {
    if (thrown instanceof StartError && !request.signal.aborted) tell('Warning', 'Failed', `Error: ${thrown.reason}`);
    throw thrown;
  }
  const image = await context.runtime.imageStatus(imageRef).catch(() => undefined);
  const refused = rootRefusal(pod, container, image);
  if (refused !== undefined) throw fail('CreateContainerConfigError', refused);
  let spec: ContainerSpec;
  try {
    spec = await containerSpec(request, imageRef, context);
  } catch (thrown) {
    throw fail('CreateContainerConfigError', thrown instanceof Error ? thrown.message : String(thrown));
  }
  let id: string;
  try {
    id = await context.runtime.createContainer(request.sandboxId, spec, request.sandbox);
  } catch (thrown) {
    throw fail('CreateContainerError', runtimeMessage(thrown));
  }
  tell('Normal', 'Created', context.minor >= 35 ? 'Container created' : `Created container: ${container.name}`);
  try {
    await context.runtime.startContainer(id);
  } catch (thrown) {
    throw fail('RunContainerError', runtimeMessage(thrown));
  }
  tell('Normal', 'Started', context.minor >= 35 ? 'Container started' : `Started container ${container.name}`);
  await postStart(request, id, context, tell);
  return id;
}

/** Rejects when `signal` aborts. */
function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(new StartError('PodTerminating', 'the pod is being deleted', 0));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

async function ensureImage(
  { pod, container, sandbox }: StartRequest,
  context: KubeletContext,
  tell: (type: 'Normal' | 'Warning', reason: string, message: string) => void,
): Promise<string> {
  const namespace = pod.metadata?.namespace ?? '';
  const named = pod.spec?.imagePullSecrets ?? [];
  // A secret that cannot be read does not keep a public image away.
  const secrets = await Promise.all(
    named.map(({ name = '' }) => context.objects.secret(namespace, name).catch(() => undefined)),
  );
  return context.images.ensure({
    podUid: pod.metadata?.uid ?? '',
    image: container.image ?? '',
    policy: container.imagePullPolicy ?? 'IfNotPresent',
    secrets: secrets.filter((secret) => secret !== undefined),
    sandbox,
    tell,
  });
}

/**
 * The attempt of the container that was there last, or -1. A runtime that has forgotten it, as after the loss of its
 * state, does not make the pod a new one: then its status tells.
 */
function attemptBefore(pod: Pod, runtimePod: RuntimePod, name: string): number {
  const known = newestContainer(runtimePod, name);
  if (known !== undefined) return known.attempt;
  const before = toldStatus(pod, name);
  return before?.containerID ? before.restartCount : -1;
}

async function containerSpec(request: StartRequest, imageRef: string, context: KubeletContext): Promise<ContainerSpec> {
  const { pod, runtimePod, sandbox, volumes, place } = request;
  const container = request.container as Container;
  const env = await environmentOf(pod, container, {
    configMap: (namespace, name) => context.objects.configMap(namespace, name),
    secret: (namespace, name) => context.objects.secret(namespace, name),
    services: context.services(),
    place,
    allocatable: context.node().status?.allocatable ?? {},
  });
  const expanded = (text: string) => expand(text, (name) => env.get(name));
  const attempt = attemptBefore(pod, runtimePod, container.name) + 1;
  const limits = resourceLimits(pod, container, nodeMemory(context.node()));
  return {
    name: container.name,
    role: roleOf(pod, container),
    attempt,
    image: container.image ?? '',
    imageRef,
    command: (container.command ?? []).map(expanded),
    args: (container.args ?? []).map(expanded),
    workingDirectory: container.workingDir ?? '',
    env: [...env],
    mounts: [...(await volumes.mountsOf(container, env)), ...(await ownMounts(request, attempt, context))],
    labels: {},
    annotations: { [hashAnnotation]: containerHash(container), [limitsAnnotation]: JSON.stringify(limits) },
    logPath: `${container.name}/${attempt}.log`,
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    privileged: container.securityContext?.privileged ?? false,
    security: containerSecurity(pod, container),
    resources: limits,
    pid: sandbox.pid === 'node' ? 'node' : pidMode(pod),
    ...pidOf(request),
  };
}

/** The container that an ephemeral one looks into. @throws Error when it does not run */
function pidOf({ container, runtimePod }: StartRequest): { pidOf?: string } {
  const name = (container as EphemeralContainer).targetContainerName;
  if (!name) return {};
  const target = newestContainer(runtimePod, name);
  if (target?.state !== 'running') throw new Error(`unable to find target container ${JSON.stringify(name)}`);
  return { pidOf: target.id };
}

function roleOf({ spec }: Pod, container: Container): ContainerSpec['role'] {
  if (spec?.initContainers?.includes(container)) return isSidecar(container) ? 'sidecar' : 'init';
  return spec?.containers.includes(container) ? 'main' : 'ephemeral';
}

/** The file on the node that a container writes its last words to. */
export function terminationFile(container: string, attempt: number): string {
  return `containers/${container}/${attempt}`;
}

async function ownMounts(
  { pod, container }: StartRequest,
  attempt: number,
  context: KubeletContext,
): Promise<MountSpec[]> {
  const uid = pod.metadata?.uid ?? '';
  const mount = (containerPath: string, hostPath: string): MountSpec => ({
    containerPath,
    hostPath,
    readOnly: false,
    propagation: 'private',
  });
  const path = container.terminationMessagePath ?? defaultTerminationPath;
  const empty = new Uint8Array(0);
  const mounts = [
    mount(path, await context.files.writeFile(uid, terminationFile(container.name, attempt), empty, 0o666)),
  ];
  const hasHosts = (container.volumeMounts ?? []).some(({ mountPath }) => mountPath === '/etc/hosts');
  if (!hasHosts) mounts.push(mount('/etc/hosts', context.files.pathOf(uid, hostsFileName)));
  return mounts;
}

async function postStart(
  { pod, events, place, container }: StartRequest,
  id: string,
  context: KubeletContext,
  tell: (type: 'Normal' | 'Warning', reason: string, message: string) => void,
): Promise<void> {
  const handler = (container as Container).lifecycle?.postStart;
  if (handler === undefined) return;
  const address = place.podAddresses[0] ?? place.hostAddresses[0] ?? '';
  const target = { pod, container: container as Container, containerId: id, address };
  const failure = await runHook(handler, target, context.runtime, context.prober, context.world);
  if (failure === undefined) return;
  tell('Warning', 'FailedPostStartHook', 'PostStartHook failed');
  events.container(container.name, 'Normal', 'Killing', 'FailedPostStartHook');
  await context.runtime.stopContainer(id, pod.spec?.terminationGracePeriodSeconds ?? 30);
  throw new StartError('PostStartHookError', failure, 0);
}

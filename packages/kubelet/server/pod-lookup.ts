import type { ContainerStatus, Pod, PodStatus } from '@keelson/model/generated/types/core-v1.ts';
import type { Runtime, RuntimeContainer, RuntimePod } from '../runtime.ts';

/** A request that cannot be answered, with the code and the text of the answer. */
export class RequestRefusal extends Error {
  override readonly name = 'RequestRefusal';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** What the server knows of the kubelet that it stands for. */
export interface NodePods {
  pods(): readonly Pod[];
  statusOf(uid: string): PodStatus | undefined;
}

/** @throws RequestRefusal 404 */
export function findPod(node: NodePods, namespace: string, name: string): Pod {
  const found = node.pods().find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name);
  if (found === undefined) throw new RequestRefusal(404, 'pod does not exist');
  return found;
}

/** The container that runs under this name. @throws RequestRefusal */
export async function findRunning(runtime: Runtime, pod: Pod, container: string): Promise<RuntimeContainer> {
  const { containers } = await runtime.pod(pod.metadata?.uid ?? '');
  const found = containers.find(({ name }) => name === container);
  if (found === undefined) throw new RequestRefusal(404, `container not found ("${container}")`);
  if (found.state !== 'running') throw new RequestRefusal(500, `container not running (${found.id})`);
  return found;
}

/** The container whose log is meant. @throws RequestRefusal 400 with upstream's words when there is none to read */
export async function findLogged(
  runtime: Runtime,
  node: NodePods,
  pod: Pod,
  container: string,
  previous: boolean,
): Promise<RuntimeContainer> {
  const { uid = '', name } = pod.metadata ?? {};
  const runtimePod = await runtime.pod(uid);
  const all = runtimePod.containers.filter((one) => one.name === container && one.state !== 'created');
  const refuse = (text: string): never => {
    throw new RequestRefusal(400, text);
  };
  if (previous) {
    const ended = all.find((one, at) => one.state === 'exited' && (at > 0 || isWaiting(node, uid, container)));
    return ended ?? refuse(`previous terminated container "${container}" in pod "${name}" not found`);
  }
  return all[0] ?? refuse(whyNoLog(node.statusOf(uid), container, name ?? ''));
}

function statusNamed(status: PodStatus | undefined, container: string): ContainerStatus | undefined {
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = status ?? {};
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses].find(
    ({ name }) => name === container,
  );
}

function isWaiting(node: NodePods, uid: string, container: string): boolean {
  return statusNamed(node.statusOf(uid), container)?.state?.waiting !== undefined;
}

function whyNoLog(status: PodStatus | undefined, container: string, pod: string): string {
  const waiting = statusNamed(status, container)?.state?.waiting;
  const which = `container "${container}" in pod "${pod}"`;
  if (waiting === undefined) return `${which} is not available`;
  if (waiting.reason === 'ErrImagePull') return `${which} is waiting to start: trying and failing to pull image`;
  if (waiting.reason === 'ImagePullBackOff') return `${which} is waiting to start: image can't be pulled`;
  return `${which} is waiting to start: ${waiting.reason}`;
}

/** The newest sandbox that runs. @throws RequestRefusal */
export function runningSandbox({ sandboxes }: RuntimePod): string {
  const sandbox = sandboxes.find(({ ready }) => ready);
  if (sandbox === undefined) throw new RequestRefusal(500, 'unable to do port forwarding: the pod is not running');
  return sandbox.id;
}

import { createHash } from 'node:crypto';
import type { Container, EphemeralContainer, Pod } from '@keelson/model/generated/types/core-v1.ts';
import type { RuntimeContainer, RuntimePod, RuntimeSandbox } from '../runtime.ts';

/** The annotation under which a container keeps what it was made from. */
export const hashAnnotation = 'io.kubernetes.container.hash';

/** What probes have found out about containers, by id. */
export interface ProbeFindings {
  /** The startup probe has succeeded, or there is none. */
  started(id: string): boolean;
  /** The readiness probe succeeds, or there is none. */
  ready(id: string): boolean;
  /** The probe that says that the container has to be killed. */
  failed(id: string): 'liveness' | 'startup' | undefined;
}

export interface PlannedKill {
  readonly container: RuntimeContainer;
  /** What the Killing Event says; '' for one that merely ends with its sandbox. */
  readonly message: string;
}

/** What has to be done for a pod to be as it should. */
export interface PodPlan {
  /** Everything that belongs to these goes before anything else happens. */
  readonly staleSandboxes: readonly RuntimeSandbox[];
  /** The attempt number of a sandbox to make; undefined when there is one, or none is needed. */
  readonly newSandbox: number | undefined;
  readonly kill: readonly PlannedKill[];
  /** Containers to start, in this order. */
  readonly start: readonly (Container | EphemeralContainer)[];
  /** All that should run has run: what is left of the pod is to be stopped. */
  readonly finished: boolean;
}

const nothing: PodPlan = { staleSandboxes: [], newSandbox: undefined, kill: [], start: [], finished: false };

/** Tells the container that `container` has to be from any other: its image is all that an update can change. */
export function containerHash({ name, image }: Container | EphemeralContainer): string {
  return createHash('sha256')
    .update(JSON.stringify([name, image]))
    .digest('hex')
    .slice(0, 8);
}

export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/** The newest sandbox if it can be used: it is ready and has its address. */
export function usableSandbox(pod: Pod, { sandboxes }: RuntimePod): RuntimeSandbox | undefined {
  const [newest] = sandboxes;
  if (newest?.ready !== true) return undefined;
  return pod.spec?.hostNetwork || newest.addresses.length > 0 ? newest : undefined;
}

/** The newest container of this name. */
export function newestContainer(runtimePod: RuntimePod, name: string): RuntimeContainer | undefined {
  return runtimePod.containers.find((container) => container.name === name);
}

/** Compares what is with what should be; as upstream's computePodActions. */
export function planPod(pod: Pod, runtimePod: RuntimePod, findings: ProbeFindings): PodPlan {
  const sandbox = usableSandbox(pod, runtimePod);
  if (sandbox === undefined) return planNewSandbox(pod, runtimePod);
  const staleSandboxes = runtimePod.sandboxes.filter((other) => other !== sandbox && other.ready);
  const own: RuntimePod = {
    ...runtimePod,
    containers: runtimePod.containers.filter(({ sandboxId }) => sandboxId === sandbox.id),
  };
  const initialised = (pod.spec?.containers ?? []).some(({ name }) => newestContainer(own, name) !== undefined);
  const init = planInit(pod, own, findings, initialised);
  if (init.failed) return { ...nothing, staleSandboxes, kill: runningOf(own, ''), finished: true };
  const plan = { staleSandboxes, newSandbox: undefined };
  const ephemeral = (pod.spec?.ephemeralContainers ?? []).filter(
    ({ name }) => newestContainer(own, name) === undefined,
  );
  if (!init.complete) return { ...plan, kill: init.kill, start: [...ephemeral, ...init.start], finished: false };
  const app = planApp(pod, own, findings);
  const finished = app.finished && app.start.length === 0;
  return {
    ...plan,
    kill: finished ? runningOf(own, '') : [...init.kill, ...app.kill],
    start: finished ? [] : [...ephemeral, ...init.start, ...app.start],
    finished,
  };
}

function runningOf({ containers }: RuntimePod, message: string): PlannedKill[] {
  return containers.filter(({ state }) => state === 'running').map((container) => ({ container, message }));
}

function planNewSandbox(pod: Pod, runtimePod: RuntimePod): PodPlan {
  const { sandboxes, containers } = runtimePod;
  const attempt = (sandboxes[0]?.attempt ?? -1) + 1;
  const stale = { staleSandboxes: sandboxes.filter(({ ready }) => ready), kill: runningOf(runtimePod, '') };
  const policy = pod.spec?.restartPolicy ?? 'Always';
  if (policy === 'Never' && attempt > 0 && containers.length > 0) return { ...nothing, ...stale, finished: true };
  const over = ({ name }: Container): boolean => {
    const last = newestContainer(runtimePod, name);
    return last !== undefined && last.state === 'exited' && !restarts(policy, last);
  };
  if (containers.length > 0 && (pod.spec?.containers ?? []).every(over))
    return { ...nothing, ...stale, finished: true };
  return { ...nothing, ...stale, newSandbox: attempt };
}

function restarts(policy: string, { exitCode }: RuntimeContainer): boolean {
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

interface InitPlan {
  readonly complete: boolean;
  readonly failed: boolean;
  readonly kill: PlannedKill[];
  readonly start: Container[];
}

function planInit(pod: Pod, own: RuntimePod, findings: ProbeFindings, initialised: boolean): InitPlan {
  const kill: PlannedKill[] = [];
  const start: Container[] = [];
  const policy = pod.spec?.restartPolicy ?? 'Always';
  for (const container of pod.spec?.initContainers ?? []) {
    const last = newestContainer(own, container.name);
    if (isSidecar(container)) {
      const step = planRunning(container, last, 'Always', findings);
      kill.push(...step.kill);
      if (step.start) start.push(container);
      const up = last?.state === 'running' && step.kill.length === 0 && findings.started(last.id);
      if (!up && !initialised) return { complete: false, failed: false, kill, start };
    } else if (!initialised) {
      if (last?.state === 'exited' && last.exitCode === 0) continue;
      if (last?.state === 'exited' && policy === 'Never') return { complete: false, failed: true, kill, start };
      if (last?.state !== 'running') start.push(container);
      return { complete: false, failed: false, kill, start };
    }
  }
  return { complete: true, failed: false, kill, start };
}

function planApp(pod: Pod, own: RuntimePod, findings: ProbeFindings) {
  const policy = pod.spec?.restartPolicy ?? 'Always';
  const kill: PlannedKill[] = [];
  const start: Container[] = [];
  let finished = true;
  for (const container of pod.spec?.containers ?? []) {
    const last = newestContainer(own, container.name);
    const step = planRunning(container, last, policy, findings);
    kill.push(...step.kill);
    if (step.start) start.push(container);
    if (step.start || last?.state === 'running') finished = false;
  }
  return { kill, start, finished };
}

function planRunning(
  container: Container,
  last: RuntimeContainer | undefined,
  policy: string,
  findings: ProbeFindings,
): { readonly kill: PlannedKill[]; readonly start: boolean } {
  if (last === undefined || last.state === 'created') return { kill: [], start: true };
  if (last.state === 'exited') return { kill: [], start: restarts(policy, last) };
  const { name } = container;
  if (last.state === 'unknown')
    return {
      kill: [{ container: last, message: `Container is in unknown state, try killing it before starting a new one` }],
      start: policy !== 'Never',
    };
  const hash = last.annotations[hashAnnotation];
  if (hash !== undefined && hash !== containerHash(container))
    return {
      kill: [{ container: last, message: `Container ${name} definition changed, will be restarted` }],
      start: true,
    };
  const failed = findings.failed(last.id);
  if (failed === undefined) return { kill: [], start: false };
  const restart = policy !== 'Never';
  const message = `Container ${name} failed ${failed} probe${restart ? ', will be restarted' : ''}`;
  return { kill: [{ container: last, message }], start: restart };
}

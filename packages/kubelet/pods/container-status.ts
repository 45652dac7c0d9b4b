import { rfc3339 } from '@keelson/base';
import type {
  Container,
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  EphemeralContainer,
  Pod,
} from '@keelson/model/generated/types/core-v1.ts';
import type { RuntimeContainer, RuntimePod } from '../runtime.ts';
import { newestContainer, type ProbeFindings } from './pod-plan.ts';

/** Why a container is not there or does not run: `ImagePullBackOff` and the like. */
export interface WaitingReason {
  readonly reason: string;
  readonly message: string;
}

/** What a container's status is made from. */
export interface ContainerStatusFacts {
  readonly pod: Pod;
  readonly runtimePod: RuntimePod;
  /** `containerd`, the scheme of container ids. */
  readonly runtimeScheme: string;
  /** By container name. */
  readonly waiting: ReadonlyMap<string, WaitingReason>;
  readonly findings: ProbeFindings;
  /** Of containers that have ended, by id. */
  readonly terminationMessages: ReadonlyMap<string, string>;
}

export function containerStatus(
  container: Container | EphemeralContainer,
  facts: ContainerStatusFacts,
  initial: boolean,
): ContainerStatus {
  const { runtimePod, findings } = facts;
  const all = runtimePod.containers.filter(({ name }) => name === container.name);
  const [latest, previous] = all;
  const told = toldStatus(facts.pod, container.name);
  const { state, lastState } = statesOf(container, latest, previous, facts);
  const running = state.running !== undefined;
  const restartable = !initial || (container as Container).restartPolicy === 'Always';
  const started = running && findings.started(latest!.id);
  const ready = restartable
    ? started && findings.ready(latest!.id)
    : latest?.state === 'exited' && latest.exitCode === 0;
  return {
    name: container.name,
    state,
    lastState,
    ready,
    restartCount: latest?.attempt ?? told?.restartCount ?? 0,
    image: latest?.image || container.image || '',
    imageID: latest?.imageRef ?? '',
    ...(latest
      ? { containerID: `${facts.runtimeScheme}://${latest.id}` }
      : told?.containerID && { containerID: told.containerID }),
    started: restartable ? started : running,
    ...resourcesOf(container, latest),
    ...mountsOf(container),
  };
}

function statesOf(
  container: Container | EphemeralContainer,
  latest: RuntimeContainer | undefined,
  previous: RuntimeContainer | undefined,
  facts: ContainerStatusFacts,
): { readonly state: ContainerState; readonly lastState: ContainerState } {
  const waiting = facts.waiting.get(container.name);
  const before =
    previous?.state === 'exited'
      ? { terminated: terminated(previous, facts) }
      : forgotten(container.name, latest, facts);
  if (latest === undefined) {
    const initialising = !isInit(facts.pod, container.name) && hasUnfinishedInit(facts);
    const reason = initialising ? 'PodInitializing' : 'ContainerCreating';
    return { state: { waiting: waiting ?? { reason } }, lastState: before };
  }
  if (latest.state === 'running')
    return { state: { running: { startedAt: rfc3339(latest.startedAt) } }, lastState: before };
  if (latest.state === 'exited') {
    const end = { terminated: terminated(latest, facts) };
    return waiting ? { state: { waiting }, lastState: end } : { state: end, lastState: before };
  }
  if (latest.state === 'unknown')
    return {
      state: lost,
      lastState: before,
    };
  return { state: { waiting: waiting ?? { reason: 'ContainerCreating' } }, lastState: before };
}

const lost: ContainerState = {
  terminated: {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
  },
};

/** What the pod's status, as the API has it, says of a container. */
export function toldStatus(pod: Pod, name: string): ContainerStatus | undefined {
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses].find(
    (one) => one.name === name,
  );
}

/** How the container before ended when the runtime has forgotten it, as after the loss of its state: as was told. */
function forgotten(name: string, latest: RuntimeContainer | undefined, { pod }: ContainerStatusFacts): ContainerState {
  const told = toldStatus(pod, name);
  if (told?.containerID === undefined || (latest !== undefined && latest.attempt === 0)) return {};
  if (latest === undefined && told.state?.running) return lost;
  return told.state?.terminated ? { terminated: told.state.terminated } : (told.lastState ?? {});
}

function isInit(pod: Pod, name: string): boolean {
  return (pod.spec?.initContainers ?? []).some((container) => container.name === name);
}

function hasUnfinishedInit({ pod, runtimePod }: ContainerStatusFacts): boolean {
  return (pod.spec?.initContainers ?? []).some((container) => {
    const latest = newestContainer(runtimePod, container.name);
    if (container.restartPolicy === 'Always') return latest?.state !== 'running';
    return latest?.state !== 'exited' || latest.exitCode !== 0;
  });
}

function terminated(container: RuntimeContainer, facts: ContainerStatusFacts): ContainerStateTerminated {
  const message = facts.terminationMessages.get(container.id) || container.message;
  return {
    exitCode: container.exitCode,
    reason: container.reason || (container.exitCode === 0 ? 'Completed' : 'Error'),
    ...(message !== '' && { message }),
    startedAt: rfc3339(container.startedAt),
    finishedAt: rfc3339(container.finishedAt),
    containerID: `${facts.runtimeScheme}://${container.id}`,
  };
}

function resourcesOf(container: Container | EphemeralContainer, latest: RuntimeContainer | undefined): object {
  const { requests, limits } = container.resources ?? {};
  if (latest === undefined) return {};
  return {
    ...(requests && { allocatedResources: requests }),
    resources: { ...(limits && { limits }), ...(requests && { requests }) },
  };
}

function mountsOf(container: Container | EphemeralContainer): object {
  const mounts = container.volumeMounts ?? [];
  if (mounts.length === 0) return {};
  return {
    volumeMounts: mounts.map(({ name, mountPath, readOnly, recursiveReadOnly }) => ({
      name,
      mountPath,
      ...(readOnly && { readOnly, recursiveReadOnly: recursiveReadOnly ?? 'Disabled' }),
    })),
  };
}

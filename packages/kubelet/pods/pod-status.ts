import { rfc3339 } from '@keelson/base';
import type {
  Container,
  ContainerStatus,
  Pod,
  PodCondition,
  PodStatus,
} from '@keelson/model/generated/types/core-v1.ts';
import { type ContainerStatusFacts, containerStatus } from './container-status.ts';
import type { ResizeRefusal } from './pod-allocation.ts';
import { isSidecar, usableSandbox } from './pod-plan.ts';
import { qosClass } from './quality-of-service.ts';

export interface PodStatusFacts extends ContainerStatusFacts {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly hostAddresses: readonly string[];
  /** The status that was written last: times of transition come from it. */
  readonly previous: PodStatus | undefined;
  /** Set when the node ended the pod: it is Failed, whatever its containers say. */
  readonly failure: { readonly reason: string; readonly message: string } | undefined;
  /** What keeps the pod from having the resources that its spec says. */
  readonly resize?: { readonly refusal: ResizeRefusal | undefined; readonly error: string | undefined };
}

/** The whole status of a pod that this node has, but for conditions that others own. */
export function podStatus(facts: PodStatusFacts): PodStatus {
  const { pod, previous, failure } = facts;
  const spec = pod.spec;
  const initContainerStatuses = (spec?.initContainers ?? []).map((one) => containerStatus(one, facts, true));
  const containerStatuses = (spec?.containers ?? []).map((one) => containerStatus(one, facts, false));
  // Nobody waits for a container that somebody looks into the pod with: it is never ready.
  const ephemeral = (spec?.ephemeralContainers ?? []).map((one) => {
    const { started: _, ...status } = containerStatus(one, facts, false);
    return { ...status, ready: false };
  });
  const phase = failure
    ? 'Failed'
    : keptPhase(previous?.phase, podPhase(pod, initContainerStatuses, containerStatuses));
  const addresses = addressesOf(facts);
  return {
    ...(pod.metadata?.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    phase,
    ...(failure && { reason: failure.reason, message: failure.message }),
    conditions: conditionsOf(facts, phase, initContainerStatuses, containerStatuses),
    hostIP: facts.hostAddresses[0],
    hostIPs: facts.hostAddresses.map((ip) => ({ ip })),
    ...(addresses.length > 0 && { podIP: addresses[0], podIPs: addresses.map((ip) => ({ ip })) }),
    startTime: previous?.startTime ?? rfc3339(facts.now),
    ...(initContainerStatuses.length > 0 && { initContainerStatuses }),
    containerStatuses,
    ...(ephemeral.length > 0 && { ephemeralContainerStatuses: ephemeral }),
    qosClass: qosClass(pod),
  };
}

/** A pod that has come to its end stays there. */
function keptPhase(before: string | undefined, now: string): string {
  return before === 'Succeeded' || before === 'Failed' ? before : now;
}

function addressesOf({ pod, runtimePod, hostAddresses, previous }: PodStatusFacts): readonly string[] {
  const sandbox = usableSandbox(pod, runtimePod);
  if (sandbox === undefined) return (previous?.podIPs ?? []).map(({ ip }) => ip ?? '');
  return pod.spec?.hostNetwork ? hostAddresses : sandbox.addresses;
}

/** As upstream's getPhase: sidecars do not count once the others have ended. */
export function podPhase(
  pod: Pod,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
): string {
  const policy = pod.spec?.restartPolicy ?? 'Always';
  for (const [at, container] of (pod.spec?.initContainers ?? []).entries()) {
    const status = initStatuses[at]!;
    if (isSidecar(container)) {
      if (!status.started && !statuses.some(hasStarted)) return 'Pending';
      continue;
    }
    const ended = status.state?.terminated ?? status.lastState?.terminated;
    if (status.state?.terminated?.exitCode === 0) continue;
    if (statuses.some(hasStarted)) continue;
    if (ended && ended.exitCode !== 0 && policy === 'Never') return 'Failed';
    return 'Pending';
  }
  let running = 0;
  let waiting = 0;
  let stopped = 0;
  let succeeded = 0;
  for (const { state, lastState } of statuses) {
    if (state?.running) running++;
    else if (state?.terminated) {
      stopped++;
      if (state.terminated.exitCode === 0) succeeded++;
    } else if (lastState?.terminated) stopped++;
    else waiting++;
  }
  if (waiting > 0) return 'Pending';
  if (running > 0) return 'Running';
  if (stopped === 0) return 'Pending';
  if (policy === 'Always') return 'Running';
  if (stopped === succeeded) return 'Succeeded';
  return policy === 'Never' ? 'Failed' : 'Running';
}

function hasStarted({ state, lastState }: ContainerStatus): boolean {
  return (state?.running ?? state?.terminated ?? lastState?.terminated) !== undefined;
}

function conditionsOf(
  facts: PodStatusFacts,
  phase: string,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
): PodCondition[] {
  const { pod, runtimePod } = facts;
  const sandboxReady = usableSandbox(pod, runtimePod) !== undefined;
  const ready = containersReady(pod, phase, initStatuses, statuses);
  const wanted: [string, Verdict][] = [
    ['PodReadyToStartContainers', { ok: sandboxReady }],
    ['Initialized', initialized(pod, phase, initStatuses, statuses)],
    ['Ready', podReady(pod, ready)],
    ['ContainersReady', ready],
    ['PodScheduled', { ok: true }],
  ];
  const { refusal, error } = facts.resize ?? {};
  if (refusal) wanted.push(['PodResizePending', { ok: true, ...refusal }]);
  if (error) wanted.push(['PodResizeInProgress', { ok: true, reason: 'Error', message: error }]);
  return wanted.map(([type, verdict]) => condition(facts, type, verdict));
}

interface Verdict {
  readonly ok: boolean;
  readonly reason?: string;
  readonly message?: string;
}

function condition(
  { pod, previous, now }: PodStatusFacts,
  type: string,
  { ok, reason, message }: Verdict,
): PodCondition {
  const status = ok ? 'True' : 'False';
  const before = (previous?.conditions ?? pod.status?.conditions ?? []).find((one) => one.type === type);
  const since = before?.status === status && before.lastTransitionTime ? before.lastTransitionTime : rfc3339(now);
  return {
    type,
    ...(pod.metadata?.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    status,
    lastTransitionTime: since,
    ...(reason && { reason }),
    ...(message && { message }),
  };
}

function containersReady(
  pod: Pod,
  phase: string,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
): Verdict {
  if (phase === 'Succeeded') return { ok: false, reason: 'PodCompleted' };
  if (phase === 'Failed') return { ok: false, reason: 'PodFailed' };
  const sidecars = sidecarStatuses(pod.spec?.initContainers ?? [], initStatuses);
  const unready = [...sidecars, ...statuses].filter((status) => !status.ready).map(({ name }) => name);
  if (unready.length === 0) return { ok: true };
  return { ok: false, reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
}

function sidecarStatuses(containers: readonly Container[], statuses: readonly ContainerStatus[]): ContainerStatus[] {
  return statuses.filter((_, at) => isSidecar(containers[at]!));
}

function initialized(
  pod: Pod,
  phase: string,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
): Verdict {
  if (phase === 'Succeeded') return { ok: true, reason: 'PodCompleted' };
  if (statuses.some(hasStarted)) return { ok: true };
  const containers = pod.spec?.initContainers ?? [];
  const incomplete = initStatuses
    .filter((status, at) => (isSidecar(containers[at]!) ? !status.started : !status.ready))
    .map(({ name }) => name);
  if (incomplete.length === 0) return { ok: true };
  const message = `containers with incomplete status: [${incomplete.join(' ')}]`;
  return { ok: false, reason: 'ContainersNotInitialized', message };
}

function podReady(pod: Pod, containers: Verdict): Verdict {
  if (!containers.ok) return containers;
  const unmet: string[] = [];
  for (const { conditionType } of pod.spec?.readinessGates ?? []) {
    const gate = pod.status?.conditions?.find(({ type }) => type === conditionType);
    if (gate === undefined)
      unmet.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    else if (gate.status !== 'True')
      unmet.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`);
  }
  if (unmet.length === 0) return { ok: true };
  return { ok: false, reason: 'ReadinessGatesNotReady', message: unmet.join(', ') };
}

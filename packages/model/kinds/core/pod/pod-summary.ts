import type { ApiObject } from '../../../object.ts';
import { ageOf } from '../../../table/human-duration.ts';
import type { Fields } from './fields.ts';
import { isSidecar } from './resource-requests.ts';

/** What `kubectl get pods` says of a pod. */
export interface PodSummary {
  /** `1/2`. */
  ready: string;
  /** `Running`, `Init:0/1`, `CrashLoopBackOff`, `Terminating` … */
  status: string;
  /** `0`, or `3 (5m ago)`. */
  restarts: string;
}

interface Restarts {
  count: number;
  last: string | undefined;
}

function countRestarts(into: Restarts, container: Fields): void {
  into.count += container['restartCount'] ?? 0;
  const finished: string | undefined = container['lastState']?.terminated?.finishedAt;
  const later = into.last === undefined || Date.parse(finished ?? '') > Date.parse(into.last);
  if (finished !== undefined && later) into.last = finished;
}

function exitText(terminated: Fields): string {
  if ((terminated['reason'] ?? '') !== '') return terminated['reason'];
  return (terminated['signal'] ?? 0) !== 0
    ? `Signal:${terminated['signal']}`
    : `ExitCode:${terminated['exitCode'] ?? 0}`;
}

/** What an init container holds the pod up with; undefined when it is done, 'started' for a sidecar that runs. */
function holdUp(container: Fields, sidecar: boolean, position: number, total: number): string | undefined {
  const { terminated, waiting } = container['state'] ?? {};
  if (terminated !== undefined && (terminated.exitCode ?? 0) === 0) return undefined;
  if (sidecar && container['started'] === true) return 'started';
  if (terminated !== undefined) return `Init:${exitText(terminated)}`;
  const reason: string = waiting?.reason ?? '';
  return reason !== '' && reason !== 'PodInitializing' ? `Init:${reason}` : `Init:${position}/${total}`;
}

interface Progress {
  reason: string;
  ready: number;
  restarts: Restarts;
}

function conditionIs(pod: Readonly<ApiObject>, type: string): boolean {
  const conditions: Fields[] = pod['status']?.conditions ?? [];
  return conditions.some((condition) => condition['type'] === type && condition['status'] === 'True');
}

function initialization(pod: Readonly<ApiObject>, reason: string): Progress & { done: boolean; sidecars: Restarts } {
  const initial: Fields[] = pod['spec']?.initContainers ?? [];
  const sidecarNames = new Set(initial.filter(isSidecar).map((container) => container['name']));
  const result = {
    reason,
    ready: 0,
    restarts: { count: 0, last: undefined },
    done: true,
    sidecars: { count: 0, last: undefined },
  };
  const statuses: Fields[] = pod['status']?.initContainerStatuses ?? [];
  for (const [position, container] of statuses.entries()) {
    const sidecar = sidecarNames.has(container['name']);
    countRestarts(result.restarts, container);
    if (sidecar) countRestarts(result.sidecars, container);
    const text = holdUp(container, sidecar, position, initial.length);
    if (text === undefined) continue;
    if (text === 'started') {
      if (container['ready'] === true) result.ready += 1;
      continue;
    }
    return { ...result, reason: text, done: false };
  }
  return result;
}

function running(pod: Readonly<ApiObject>, before: Progress): Progress {
  const result = { ...before, restarts: { ...before.restarts } };
  let hasRunning = false;
  for (const container of ((pod['status']?.containerStatuses ?? []) as Fields[]).toReversed()) {
    countRestarts(result.restarts, container);
    const { waiting, terminated, running: runs } = container['state'] ?? {};
    if ((waiting?.reason ?? '') !== '') result.reason = waiting.reason;
    else if (terminated !== undefined) result.reason = exitText(terminated);
    else if (container['ready'] === true && runs !== undefined) {
      hasRunning = true;
      result.ready += 1;
    }
  }
  // One container that still runs keeps the pod running, whatever the others have completed.
  if (result.reason === 'Completed' && hasRunning) {
    result.reason = conditionIs(pod, 'Ready') ? 'Running' : 'NotReady';
  }
  return result;
}

function deletionStatus(pod: Readonly<ApiObject>, status: string): string {
  if (pod.metadata?.deletionTimestamp === undefined) return status;
  if (pod['status']?.reason === 'NodeLost') return 'Unknown';
  const ended = pod['status']?.phase === 'Failed' || pod['status']?.phase === 'Succeeded';
  return ended ? status : 'Terminating';
}

export function podSummary(pod: Readonly<ApiObject>, now: number): PodSummary {
  const status: Fields = pod['status'] ?? {};
  const initial: Fields[] = pod['spec']?.initContainers ?? [];
  const total = (pod['spec']?.containers ?? []).length + initial.filter(isSidecar).length;
  const gated = ((status['conditions'] ?? []) as Fields[]).some(
    (condition) => condition['type'] === 'PodScheduled' && condition['reason'] === 'SchedulingGated',
  );
  const own: string = (status['reason'] ?? '') === '' ? (status['phase'] ?? '') : status['reason'];
  const start = initialization(pod, gated ? 'SchedulingGated' : own);
  const started = start.done || conditionIs(pod, 'Initialized');
  const end: Progress = started
    ? running(pod, { reason: start.reason, ready: start.ready, restarts: start.sidecars })
    : start;
  const { count, last } = end.restarts;
  return {
    ready: `${end.ready}/${total}`,
    status: deletionStatus(pod, end.reason),
    restarts: count !== 0 && last !== undefined ? `${count} (${ageOf(last, now)} ago)` : String(count),
  };
}

/** Pods that have ended can be left out of a table: `Completed`, with how they ended. */
export function podCompletion(pod: Readonly<ApiObject>): { reason: string; message: string } | undefined {
  switch (pod['status']?.phase) {
    case 'Succeeded':
      return { reason: 'Succeeded', message: 'The pod has completed successfully.' };
    case 'Failed':
      return { reason: 'Failed', message: 'The pod failed.' };
    default:
      return undefined;
  }
}

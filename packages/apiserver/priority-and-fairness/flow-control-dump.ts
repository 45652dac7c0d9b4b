import type { QueuedRequest } from './fair-queues.ts';
import type { FlowControl, RequestSubject } from './flow-control.ts';
import type { PriorityLevel } from './priority-level.ts';

/** Below which path the dumps are. */
export const dumpPath = '/debug/api_priority_and_fairness/';

/** What GET /debug/api_priority_and_fairness/… says, in upstream's form; undefined for a path that is none of them. */
export function dumpFlowControl(
  control: FlowControl,
  path: string,
  query: URLSearchParams,
  now: { readonly wall: number; readonly monotonic: number },
): string | undefined {
  const levels = [...control.levels].sort(([one], [other]) => (one < other ? -1 : 1));
  switch (path.slice(dumpPath.length)) {
    case 'dump_priority_levels':
      return aligned([levelColumns, ...levels.map(([name, level]) => levelRow(name, level))]);
    case 'dump_queues':
      return aligned([queueColumns, ...levels.flatMap(([name, level]) => queueRows(name, level))]);
    case 'dump_requests': {
      const details = (query.get('includeRequestDetails') ?? '') !== '';
      const at = (moment: number) =>
        moment === 0 ? '0001-01-01T00:00:00Z' : new Date(now.wall - now.monotonic + moment).toISOString();
      const columns = details ? [...requestColumns, ...detailColumns] : requestColumns;
      return aligned([columns, ...levels.flatMap(([name, level]) => requestRows(name, level, details, at))]);
    }
    default:
      return undefined;
  }
}

const levelColumns = [
  'PriorityLevelName',
  'ActiveQueues',
  'IsIdle',
  'IsQuiescing',
  'WaitingRequests',
  'ExecutingRequests',
  'DispatchedRequests',
  'RejectedRequests',
  'TimedoutRequests',
  'CancelledRequests',
];
const queueColumns = [
  'PriorityLevelName',
  'Index',
  'PendingRequests',
  'ExecutingRequests',
  'SeatsInUse',
  'NextDispatchR',
  'InitialSeatsSum',
  'MaxSeatsSum',
  'TotalWorkSum',
];
const requestColumns = [
  'PriorityLevelName',
  'FlowSchemaName',
  'QueueIndex',
  'RequestIndexInQueue',
  'FlowDistingsher',
  'ArriveTime',
  'InitialSeats',
  'FinalSeats',
  'AdditionalLatency',
  'StartTime',
];
const detailColumns = ['UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource'];

function levelRow(name: string, { queues, quiescing }: PriorityLevel): unknown[] {
  const active = [...queues.queues.values()].filter(({ waiting }) => waiting.length > 0).length;
  const { idle, waiting, running, dispatched, rejected, timedOut, cancelled } = queues;
  return [name, active, idle, quiescing, waiting, running, dispatched, rejected, timedOut, cancelled];
}

function seatSeconds(amount: number): string {
  return `${amount.toFixed(8)}ss`;
}

function queueRows(name: string, { queues }: PriorityLevel): unknown[][] {
  return [...queues.queues.values()]
    .sort((one, other) => one.index - other.index)
    .map(({ index, waiting, running, seatsInUse, nextDispatch, seatsWaiting }) => {
      const initial = waiting.reduce((sum, { work }) => sum + work.initialSeats, 0);
      const total = waiting.reduce((sum, { totalWork }) => sum + totalWork, 0);
      const sums = [initial, seatsWaiting, seatSeconds(total)];
      return [name, index, waiting.length, running.size, seatsInUse, seatSeconds(nextDispatch), ...sums];
    });
}

function requestRows(
  name: string,
  { queues }: PriorityLevel,
  details: boolean,
  at: (moment: number) => string,
): unknown[][] {
  const row = (queue: number, position: number, request: QueuedRequest) => {
    const { flowSchema, distinguisher, work, arrived, started } = request;
    const latency = `${work.additionalLatency}ms`;
    const seats = [work.initialSeats, work.finalSeats, work.additionalLatency === 0 ? '0s' : latency];
    const common = [name, flowSchema, queue, position, distinguisher, at(arrived), ...seats, at(started)];
    return details ? [...common, ...detailsOf(request.subject as RequestSubject)] : common;
  };
  return [
    ...[...queues.queues.values()].flatMap(({ index, waiting, running }) => [
      ...waiting.map((request, position) => row(index, position, request)),
      ...[...running].map((request) => row(index, -1, request)),
    ]),
    ...[...queues.queueless].map((request) => row(-1, -1, request)),
  ];
}

function detailsOf({ user, info }: RequestSubject): string[] {
  const version = info.group === '' ? info.version : `${info.group}/${info.version}`;
  return [user.name, info.verb, info.path, info.namespace, info.name, version, info.resource, info.subresource];
}

/** Columns of at least eight characters, as Go's tabwriter sets them; the last is not padded. */
function aligned(rows: readonly (readonly unknown[])[]): string {
  const cells = rows.map((row) => row.map((cell, index) => `${cell}${index < row.length - 1 ? ',' : ''}`));
  const widths = cells[0]!.map((_, index) => Math.max(8, ...cells.map((row) => row[index]!.length + 1)));
  const line = (row: readonly string[]) =>
    row.map((cell, index) => (index < row.length - 1 ? cell.padEnd(widths[index]!) : cell)).join('');
  return `${cells.map(line).join('\n')}\n`;
}

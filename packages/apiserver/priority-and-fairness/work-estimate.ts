import type { RequestInfo } from '../request/request-info.ts';
import type { WorkEstimate } from './fair-queues.ts';

/** What a server knows of one resource. */
export interface ResourceSize {
  readonly objects: number;
  /** Watchers that every change concerns. */
  readonly watchers: number;
}

const one: WorkEstimate = { initialSeats: 1, finalSeats: 0, additionalLatency: 0 };
/** As kube-apiserver has it. */
const objectsPerSeat = 100;
/**
 * Telling a watcher costs this server about two microseconds, since an event's bytes are made once: a seat for 5 ms is
 * counted for a thousand watchers and not for ten.
 */
const watchersPerSeat = 1000;
const eventTime = 5;
const changing = new Set(['create', 'update', 'patch', 'delete']);

/**
 * What a request will cost. Lists are counted by the objects that they go through, watches that begin with the present
 * objects like lists, writes by the watchers that hear of them; everything else is one seat.
 * @param widest seats that the request is never counted more than
 */
export function estimateWork(
  info: RequestInfo,
  widest: number,
  sizeOf: (info: RequestInfo) => ResourceSize | undefined,
): WorkEstimate {
  if (!info.resourceRequest) return one;
  if (info.verb === 'list') return listWork(info, widest, sizeOf);
  if (info.verb === 'watch') return beginsWithObjects(info.query) ? listWork(info, widest, sizeOf) : one;
  if (!changing.has(info.verb) || info.subresource === 'token') return one;
  const watchers = sizeOf(info)?.watchers ?? 0;
  if (watchers < watchersPerSeat) return one;
  const seats = Math.ceil(watchers / watchersPerSeat);
  const finalSeats = Math.min(seats, widest);
  return { initialSeats: 1, finalSeats, additionalLatency: (seats * eventTime) / finalSeats };
}

function beginsWithObjects(query: URLSearchParams): boolean {
  const revision = query.get('resourceVersion') ?? '';
  return query.get('sendInitialEvents') === 'true' || revision === '' || revision === '0';
}

function listWork(
  info: RequestInfo,
  widest: number,
  sizeOf: (info: RequestInfo) => ResourceSize | undefined,
): WorkEstimate {
  const size = sizeOf(info);
  if (size === undefined || size.objects <= objectsPerSeat || info.name !== '') return one;
  const limit = Number(info.query.get('limit') ?? 0);
  // A later page is read from the store; the first comes out of the cache, which is gone through whole for a selector.
  const paged = info.query.get('continue')
    ? 2 * Math.min(limit > 0 ? limit : size.objects, size.objects)
    : size.objects;
  const seats = Math.ceil(paged / objectsPerSeat);
  return seats <= 1 ? one : { initialSeats: Math.min(seats, widest), finalSeats: 0, additionalLatency: 0 };
}

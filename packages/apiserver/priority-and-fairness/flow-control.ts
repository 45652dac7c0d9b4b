import type { HttpRequest, Timer, World } from '@keelson/base';
import type { FlowSchema, PriorityLevelConfiguration } from '@keelson/model/generated/types/flowcontrol-v1.ts';
import type { ObjectReader } from '../admission/contract.ts';
import type { UserInfo } from '../authentication/contract.ts';
import { isLongRunning, type RequestInfo } from '../request/request-info.ts';
import { type StatusError, tooManyRequests } from '../request/status-error.ts';
import { adjustBorrowing } from './borrowing.ts';
import { QueuedRequest } from './fair-queues.ts';
import { type FlowConfiguration, flowConfiguration, levelOf } from './flow-configuration.ts';
import { FlowControlMetrics } from './flow-control-metrics.ts';
import { flowDistinguisher, matchesFlowSchema } from './flow-schema-match.ts';
import { type FlowCounts, PriorityLevel } from './priority-level.ts';
import { estimateWork, type ResourceSize } from './work-estimate.ts';

export const flowControlGroup = 'flowcontrol.apiserver.k8s.io';
/** How often seats are lent anew, in milliseconds. */
const adjustmentPeriod = 10_000;
/** The longest that a request waits for its turn, in milliseconds: a quarter of a request's time, as upstream. */
const longestWait = 15_000;

type Headers = Readonly<Record<string, string>>;

/** One request that was classified. */
export interface Seat {
  /** X-Kubernetes-PF-…, for every answer to the request. */
  readonly headers: Headers;
  /** Gives the seats back. May be called more than once. */
  leave(): void;
}

/** What waits and runs, for those who look: the user and what is asked for. */
export interface RequestSubject {
  readonly user: UserInfo;
  readonly info: RequestInfo;
}

interface ClassifiedSchema {
  readonly schema: FlowSchema;
  readonly name: string;
  readonly level: PriorityLevel;
  readonly counts: FlowCounts;
  readonly headers: Headers;
}

/**
 * API priority and fairness (https://kubernetes.io/docs/concepts/cluster-administration/flow-control/): each request is
 * classified by the FlowSchemas, and waits for seats of its priority level, in fair queues, when there are none. Callers
 * inside the process are not held up: they share the thread, and their own work queues bound them; neither are requests
 * that last.
 */
export class FlowControl {
  readonly levels = new Map<string, PriorityLevel>();
  readonly metrics: FlowControlMetrics;
  fairFraction = 0;
  readonly #world: World;
  readonly #reader: ObjectReader;
  readonly #seats: number;
  readonly #sizeOf: (info: RequestInfo) => ResourceSize | undefined;
  readonly #waiting = new Map<QueuedRequest, () => void>();
  #schemas: readonly ClassifiedSchema[] = [];
  #fallback!: ClassifiedSchema;
  #stale = true;
  #timer: Timer | undefined;
  #unfollow: readonly (() => void)[] = [];
  #adjusted: () => void = () => {};

  /**
   * @param options.seats for all levels together
   * @param options.sizeOf of the resource that a request is for
   */
  constructor(options: {
    world: World;
    reader: ObjectReader;
    seats: number;
    sizeOf: (info: RequestInfo) => ResourceSize | undefined;
  }) {
    this.#world = options.world;
    this.#reader = options.reader;
    this.#seats = options.seats;
    this.#sizeOf = options.sizeOf;
    this.metrics = new FlowControlMetrics(this);
  }

  /** Follows the configuration. `adjusted` is called after each adjustment, for those who keep the objects up. */
  start(adjusted: () => void): void {
    this.#adjusted = adjusted;
    const stale = () => {
      this.#stale = true;
    };
    this.#unfollow = ['flowschemas', 'prioritylevelconfigurations'].map((resource) =>
      this.#reader.observe(flowControlGroup, resource, stale),
    );
    this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
    for (const unfollow of this.#unfollow) unfollow();
  }

  /**
   * Classifies a request and gives it its seats, at once when there are some, else when it is its turn. Undefined for what
   * is not held up.
   * @throws StatusError 429, also the promise
   */
  enter(user: UserInfo, info: RequestInfo, request: HttpRequest): Seat | Promise<Seat> | undefined {
    if (request.peer.inProcess !== undefined || (isLongRunning(info) && info.verb !== 'watch')) return undefined;
    if (this.#stale) this.#digest();
    const found = this.#classify(user, info);
    const { level, counts } = found;
    const now = this.#world.clock.monotonic();
    const work = estimateWork(info, level.widest, this.#sizeOf);
    const distinguisher = level.settings.queues === 0 ? '' : flowDistinguisher(found.schema, user, info);
    const queued = new QueuedRequest(found.name, distinguisher, work, { user, info } satisfies RequestSubject);
    const outcome = level.queues.arrive(queued, level.handOf(found.name, distinguisher), now);
    level.demand.set(level.queues.demand, now);
    if (outcome === 'running') return this.#seat(found, queued, now, now);
    if (outcome === 'rejected') {
      counts.rejected[level.settings.queues === 0 ? 'concurrency-limit' : 'queue-full']++;
      throw this.#refusal(found);
    }
    return this.#wait(found, queued, request.signal, now);
  }

  /** What is classified, in the order in which it is tried. */
  get schemas(): readonly FlowSchema[] {
    return this.#schemas.map(({ schema }) => schema);
  }

  #classify(user: UserInfo, info: RequestInfo): ClassifiedSchema {
    for (const one of this.#schemas) if (matchesFlowSchema(one.schema, user, info)) return one;
    return this.#fallback;
  }

  #refusal({ level, headers }: ClassifiedSchema): StatusError {
    const seconds = level.retryAfter.refuse(this.#world.clock.now());
    return tooManyRequests('Too many requests, please try again later.', seconds).with(headers);
  }

  #wait(found: ClassifiedSchema, queued: QueuedRequest, signal: AbortSignal, arrived: number): Promise<Seat> {
    const { level, counts } = found;
    const { clock } = this.#world;
    counts.waiting++;
    counts.waitingSeats += queued.seats;
    this.metrics.queued(level, queued);
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#waiting.delete(queued);
        timer.cancel();
        signal.removeEventListener('abort', gone);
        counts.waiting--;
        counts.waitingSeats -= queued.seats;
      };
      const give = (why: 'time-out' | 'cancelled') => {
        const now = clock.monotonic();
        if (!level.queues.cancel(queued, why, now)) return;
        settle();
        level.demand.set(level.queues.demand, now);
        counts.rejected[why]++;
        this.metrics.waited(counts, now - arrived, false);
        reject(this.#refusal(found));
      };
      const gone = () => give('cancelled');
      const timer = clock.setTimer(longestWait, () => give('time-out'));
      signal.addEventListener('abort', gone, { once: true });
      this.#waiting.set(queued, () => {
        settle();
        resolve(this.#seat(found, queued, arrived, clock.monotonic()));
      });
    });
  }

  #seat(found: ClassifiedSchema, queued: QueuedRequest, arrived: number, started: number): Seat {
    const { level, counts, headers } = found;
    counts.dispatched++;
    counts.executing++;
    counts.executingSeats += queued.seats;
    if (!level.settings.exempt) this.metrics.waited(counts, started - arrived, true);
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      const now = this.#world.clock.monotonic();
      counts.executing--;
      counts.executingSeats -= queued.seats;
      this.metrics.executed(counts, (queued.subject as RequestSubject).info.verb === 'watch', now - started);
      this.#begin(level.queues.finish(queued, now));
      const { additionalLatency } = queued.work;
      if (additionalLatency > 0) {
        this.#world.clock.setTimer(additionalLatency, () => {
          const later = this.#world.clock.monotonic();
          this.#begin(level.queues.release(queued, later));
          level.demand.set(level.queues.demand, later);
        });
      }
      level.demand.set(level.queues.demand, now);
    };
    return { headers, leave };
  }

  #begin(requests: readonly QueuedRequest[]): void {
    for (const request of requests) this.#waiting.get(request)?.();
  }

  /** Reads the objects anew: levels that are there keep their queues, those that went are emptied first. */
  #digest(): void {
    this.#stale = false;
    const schemas = this.#reader.list(flowControlGroup, 'flowschemas') as readonly FlowSchema[];
    const objects = this.#reader.list(flowControlGroup, 'prioritylevelconfigurations');
    const configuration = flowConfiguration(schemas, objects as readonly PriorityLevelConfiguration[], this.#seats);
    const now = this.#world.clock.monotonic();
    for (const [name, settings] of configuration.levels) {
      const level = this.levels.get(name);
      if (level === undefined) this.levels.set(name, new PriorityLevel(settings, now));
      else level.change(settings);
    }
    for (const [name, level] of this.levels) level.quiescing = !configuration.levels.has(name);
    this.#schemas = classified(configuration, this.levels);
    this.#fallback = this.#schemas.find(({ name }) => name === 'catch-all')!;
    this.#adjust(now, false);
  }

  #adjust(now: number, period: boolean): void {
    for (const [name, level] of this.levels) {
      if (period) level.demand.turn(now);
      if (level.quiescing && level.queues.idle) this.levels.delete(name);
    }
    const { limits, fairFraction } = adjustBorrowing([...this.levels.values()]);
    this.fairFraction = fairFraction;
    for (const [level, seats] of limits) this.#begin(level.limit(seats, now));
  }

  #schedule(): void {
    this.#timer = this.#world.clock.setTimer(adjustmentPeriod, () => {
      if (this.#stale) this.#digest();
      this.#adjust(this.#world.clock.monotonic(), true);
      this.#adjusted();
      this.#schedule();
    });
  }
}

/** The schemas with what a request of theirs needs. */
function classified(
  configuration: FlowConfiguration,
  levels: ReadonlyMap<string, PriorityLevel>,
): readonly ClassifiedSchema[] {
  return configuration.schemas.map((schema) => {
    const level = levels.get(levelOf(schema))!;
    const name = schema.metadata!.name!;
    return {
      schema,
      name,
      level,
      counts: level.countsOf(name),
      headers: {
        'x-kubernetes-pf-flowschema-uid': schema.metadata?.uid ?? '',
        'x-kubernetes-pf-prioritylevel-uid': level.settings.uid,
      },
    };
  });
}

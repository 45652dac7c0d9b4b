import { RecentCache } from '../authentication/recent-cache.ts';
import { FairQueues } from './fair-queues.ts';
import type { LevelSettings } from './flow-configuration.ts';
import { RetryAfter } from './retry-after.ts';
import { SeatDemand } from './seat-demand.ts';
import { handOf } from './shuffle-sharding.ts';

/** Flows whose queues are remembered. */
const handsKept = 2000;

/** What is counted of one schema's requests at one level. */
export class FlowCounts {
  readonly priorityLevel: string;
  readonly flowSchema: string;
  /** The labels of both as text. */
  readonly labels: string;
  dispatched = 0;
  executing = 0;
  executingSeats = 0;
  waiting = 0;
  waitingSeats = 0;
  readonly rejected = { 'queue-full': 0, 'concurrency-limit': 0, 'time-out': 0, cancelled: 0 };

  constructor(priorityLevel: string, flowSchema: string) {
    this.priorityLevel = priorityLevel;
    this.flowSchema = flowSchema;
    this.labels = `{flow_schema=${JSON.stringify(flowSchema)},priority_level=${JSON.stringify(priorityLevel)}}`;
  }
}

/** One priority level as it runs: its settings, its queues, and the seats that it has now. */
export class PriorityLevel {
  settings: LevelSettings;
  readonly queues: FairQueues;
  readonly demand: SeatDemand;
  readonly retryAfter = new RetryAfter();
  /** By flow schema. */
  readonly counts = new Map<string, FlowCounts>();
  /** Nobody refers to it any more; it goes when it is idle. */
  quiescing = false;
  currentLimit: number;
  target = 0;
  #hands = new RecentCache<string, readonly number[]>(handsKept);

  constructor(settings: LevelSettings, now: number) {
    this.settings = settings;
    this.currentLimit = settings.nominal - Math.floor((settings.nominal - settings.lower) / 2);
    this.queues = new FairQueues(settings, settings.exempt ? undefined : this.currentLimit, now);
    this.demand = new SeatDemand(now);
  }

  /** Takes the settings of a changed object. What may run for it runs after the next `limit`. */
  change(settings: LevelSettings): void {
    if (settings.queues !== this.settings.queues || settings.handSize !== this.settings.handSize)
      this.#hands = new RecentCache(handsKept);
    this.settings = settings;
  }

  /** Sets how many seats it has from now on; returns who may run now. */
  limit(seats: number, now: number) {
    this.currentLimit = seats;
    return this.queues.configure(this.settings, this.settings.exempt ? undefined : seats, now);
  }

  /** The widest that one request may be counted (KEP 1040): a level of few seats is not blocked by one request. */
  get widest(): number {
    const { nominal, handSize, queues } = this.settings;
    if (queues === 0) return seatLimit;
    return Math.max(1, Math.min(seatLimit, Math.ceil(nominal * 0.15), Math.floor(nominal / handSize)));
  }

  /** The queues of a flow; none for a level without. */
  handOf(schema: string, distinguisher: string): readonly number[] {
    const { queues, handSize } = this.settings;
    if (queues === 0) return [];
    const flow = `${schema}\0${distinguisher}`;
    let hand = this.#hands.get(flow);
    if (hand === undefined) {
      hand = handOf(schema, distinguisher, queues, handSize);
      this.#hands.set(flow, hand);
    }
    return hand;
  }

  countsOf(schema: string): FlowCounts {
    let counts = this.counts.get(schema);
    if (counts === undefined) {
      counts = new FlowCounts(this.settings.name, schema);
      this.counts.set(schema, counts);
    }
    return counts;
  }
}

/** Seats that a request is never counted more than. */
const seatLimit = 10;

import { Gauge, Histogram, labelText, type Metric } from '../observe/metrics.ts';
import type { QueuedRequest } from './fair-queues.ts';
import type { FlowControl } from './flow-control.ts';
import type { FlowCounts, PriorityLevel } from './priority-level.ts';

const prefix = 'apiserver_flowcontrol';
/** Upper bounds of the buckets as kube-apiserver has them, in seconds and in requests. */
const waits = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const lengths = [0, 10, 25, 50, 100, 250, 500, 1000];
const widths = [1, 2, 4, 10];

type Labels = Readonly<Record<string, string>>;

/** What priority and fairness tells GET /metrics, under upstream's names. */
export class FlowControlMetrics {
  readonly #control: FlowControl;
  readonly #waited = new Histogram(
    `${prefix}_request_wait_duration_seconds`,
    'Length of time a request spent waiting in its queue',
    waits,
  );
  readonly #executed = new Histogram(
    `${prefix}_request_execution_seconds`,
    'Duration of initial stage (for a WATCH) or any (for a non-WATCH) stage of request execution in the API Priority and Fairness subsystem',
    waits,
  );
  readonly #lengths = new Histogram(
    `${prefix}_request_queue_length_after_enqueue`,
    'Length of queue in the API Priority and Fairness subsystem, as seen by each request after it is enqueued',
    lengths,
  );
  readonly #widths = new Histogram(
    `${prefix}_work_estimated_seats`,
    'Number of estimated seats (maximum of initial and final seats) associated with requests in API Priority and Fairness',
    widths,
  );
  /** The labels of each schema's requests, made once. */
  readonly #labels = new WeakMap<FlowCounts, Record<'plain' | 'true' | 'false' | 'regular' | 'watch', Series>>();

  constructor(control: FlowControl) {
    this.#control = control;
  }

  /** A request has to wait. */
  queued(level: PriorityLevel, request: QueuedRequest): void {
    const { plain } = this.#labelsOf(level.countsOf(request.flowSchema));
    this.#lengths.observe(plain.labels, request.queue!.waiting.length, plain.text);
    this.#widths.observe(plain.labels, request.seats, plain.text);
  }

  /** A request has waited `milliseconds`, and runs or does not. */
  waited(counts: FlowCounts, milliseconds: number, runs: boolean): void {
    const { labels, text } = this.#labelsOf(counts)[runs ? 'true' : 'false'];
    this.#waited.observe(labels, milliseconds / 1000, text);
  }

  executed(counts: FlowCounts, watch: boolean, milliseconds: number): void {
    const { labels, text } = this.#labelsOf(counts)[watch ? 'watch' : 'regular'];
    this.#executed.observe(labels, milliseconds / 1000, text);
  }

  all(): Metric[] {
    return [this.#waited, this.#executed, this.#lengths, this.#widths, ...this.#flowGauges(), ...this.#levelGauges()];
  }

  #labelsOf(counts: FlowCounts) {
    let found = this.#labels.get(counts);
    if (found === undefined) {
      const { priorityLevel: priority_level, flowSchema: flow_schema } = counts;
      const base = { flow_schema, priority_level };
      found = {
        plain: series(base),
        true: series({ execute: 'true', ...base }),
        false: series({ execute: 'false', ...base }),
        regular: series({ ...base, type: 'regular' }),
        watch: series({ ...base, type: 'watch' }),
      };
      this.#labels.set(counts, found);
    }
    return found;
  }

  #flowGauges(): Gauge[] {
    const flows = (): FlowCounts[] => [...this.#control.levels.values()].flatMap(({ counts }) => [...counts.values()]);
    const gauge = (name: string, help: string, read: (counts: FlowCounts) => number, type?: 'counter') =>
      new Gauge(
        `${prefix}_${name}`,
        help,
        () => flows().map((counts) => [this.#labelsOf(counts).plain.labels, read(counts)] as const),
        type,
      );
    return [
      gauge(
        'dispatched_requests_total',
        'Number of requests executed by API Priority and Fairness subsystem',
        (counts) => counts.dispatched,
        'counter',
      ),
      new Gauge(
        `${prefix}_rejected_requests_total`,
        'Number of requests rejected by API Priority and Fairness subsystem',
        () =>
          flows().flatMap((counts) =>
            Object.entries(counts.rejected)
              .filter(([, count]) => count > 0)
              .map(([reason, count]) => [{ ...this.#labelsOf(counts).plain.labels, reason }, count] as const),
          ),
        'counter',
      ),
      gauge(
        'current_inqueue_requests',
        'Number of requests currently pending in queues of the API Priority and Fairness subsystem',
        (counts) => counts.waiting,
      ),
      gauge(
        'current_inqueue_seats',
        'Number of seats currently pending in queues of the API Priority and Fairness subsystem',
        (counts) => counts.waitingSeats,
      ),
      gauge(
        'current_executing_requests',
        'Number of requests in initial (for a WATCH) or any (for a non-WATCH) execution stage in the API Priority and Fairness subsystem',
        (counts) => counts.executing,
      ),
      gauge(
        'current_executing_seats',
        'Concurrency (number of seats) occupied by the currently executing (initial stage for a WATCH, any stage otherwise) requests in the API Priority and Fairness subsystem',
        (counts) => counts.executingSeats,
      ),
    ];
  }

  #levelGauges(): Gauge[] {
    const gauge = (name: string, help: string, read: (level: PriorityLevel) => number, type?: 'counter') =>
      new Gauge(
        `${prefix}_${name}`,
        help,
        () => [...this.#control.levels].map(([priority_level, level]) => [{ priority_level }, read(level)] as const),
        type,
      );
    return [
      gauge(
        'nominal_limit_seats',
        'Nominal number of execution seats configured for each priority level',
        ({ settings }) => settings.nominal,
      ),
      gauge(
        'lower_limit_seats',
        'Configured lower bound on number of execution seats available to each priority level',
        ({ settings }) => settings.lower,
      ),
      gauge(
        'upper_limit_seats',
        'Configured upper bound on number of execution seats available to each priority level',
        ({ settings }) => settings.upper,
      ),
      gauge(
        'current_limit_seats',
        'current derived number of execution seats available to each priority level',
        ({ currentLimit }) => currentLimit,
      ),
      gauge(
        'demand_seats_high_watermark',
        'High watermark, over last adjustment period, of demand_seats',
        ({ demand }) => demand.highWatermark,
      ),
      gauge(
        'demand_seats_average',
        'Time-weighted average, over last adjustment period, of demand_seats',
        ({ demand }) => demand.average,
      ),
      gauge(
        'demand_seats_stdev',
        'Time-weighted standard deviation, over last adjustment period, of demand_seats',
        ({ demand }) => demand.deviation,
      ),
      gauge('demand_seats_smoothed', 'Smoothed seat demands', ({ demand }) => demand.smoothed),
      gauge('target_seats', 'Seat allocation targets', ({ target }) => target),
      gauge(
        'request_dispatch_no_accommodation_total',
        'Number of times a dispatch attempt resulted in a non accommodation due to lack of available seats',
        ({ queues }) => queues.noAccommodation,
        'counter',
      ),
      new Gauge(
        `${prefix}_seat_fair_frac`,
        "Fair fraction of server's concurrency to allocate to each priority level that can use it",
        () => [[{}, this.#control.fairFraction]],
      ),
    ];
  }
}

interface Series {
  readonly labels: Labels;
  readonly text: string;
}

function series(labels: Labels): Series {
  return { labels, text: labelText(labels) };
}

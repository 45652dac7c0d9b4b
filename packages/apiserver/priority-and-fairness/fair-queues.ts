/**
 * The queues of one priority level, as a value: who runs, who waits, and who is next by fair queuing for servers that
 * serve several at a time (KEP 1040). It keeps no time and starts nothing: every method is given the present moment and
 * says which requests may run from then on.
 */

/** What a request costs: seats while it runs, and seats kept for a while after it (for the watch events that it makes). */
export interface WorkEstimate {
  readonly initialSeats: number;
  readonly finalSeats: number;
  /** Milliseconds. */
  readonly additionalLatency: number;
}

export interface QueuingSettings {
  /** 0: what cannot run at once is refused. */
  readonly queues: number;
  readonly queueLengthLimit: number;
}

/** One request at a priority level. */
export class QueuedRequest {
  readonly flowSchema: string;
  readonly distinguisher: string;
  readonly work: WorkEstimate;
  readonly seats: number;
  /** For whoever looks at what waits. */
  readonly subject: unknown;
  state: 'waiting' | 'running' | 'over' = 'waiting';
  queue: FairQueue | undefined;
  arrived = 0;
  started = 0;
  /** The level's progress when it came. */
  arrivalProgress = 0;

  constructor(flowSchema: string, distinguisher: string, work: WorkEstimate, subject?: unknown) {
    this.flowSchema = flowSchema;
    this.distinguisher = distinguisher;
    this.work = work;
    this.seats = Math.max(work.initialSeats, work.finalSeats);
    this.subject = subject;
  }

  /** Seat-seconds, with the usual time of service for what is not known yet. */
  get totalWork(): number {
    return (this.work.initialSeats * usualService + this.work.finalSeats * this.work.additionalLatency) / 1000;
  }
}

export class FairQueue {
  readonly index: number;
  waiting: QueuedRequest[] = [];
  readonly running = new Set<QueuedRequest>();
  seatsInUse = 0;
  seatsWaiting = 0;
  /** Where in the level's progress the next request of this queue begins. */
  nextDispatch = 0;

  constructor(index: number) {
    this.index = index;
  }

  get active(): boolean {
    return this.waiting.length > 0 || this.running.size > 0;
  }
}

/** How long a request takes when nothing is known of it, in milliseconds. */
const usualService = 3;

export class FairQueues {
  /** Made when they are first used: a level may be configured with millions. */
  readonly queues = new Map<number, FairQueue>();
  readonly queueless = new Set<QueuedRequest>();
  seatsInUse = 0;
  seatsWaiting = 0;
  waiting = 0;
  running = 0;
  dispatched = 0;
  rejected = 0;
  timedOut = 0;
  cancelled = 0;
  /** Dispatches that had to wait because the seats left were too few. */
  noAccommodation = 0;
  progress = 0;
  #limit: number;
  #settings: QueuingSettings;
  #synced = 0;
  #active = 0;
  /** The queue that was dispatched from last. */
  #robin = -1;

  /** @param limit seats; undefined: no limit (the exempt level) */
  constructor(settings: QueuingSettings, limit: number | undefined, now: number) {
    this.#settings = settings;
    this.#limit = limit ?? Number.POSITIVE_INFINITY;
    this.#synced = now;
  }

  get idle(): boolean {
    return this.waiting === 0 && this.running === 0;
  }

  /** Takes other settings from now on; what waits stays where it is. Returns who may run now. */
  configure(settings: QueuingSettings, limit: number | undefined, now: number): QueuedRequest[] {
    this.#sync(now);
    this.#settings = settings;
    this.#limit = limit ?? Number.POSITIVE_INFINITY;
    for (const [index, queue] of this.queues) {
      if (queue.active || queue.seatsInUse > 0) continue;
      if (this.idle || index >= settings.queues || queue.nextDispatch <= this.progress) this.queues.delete(index);
    }
    return this.#dispatch(now);
  }

  /** @param hand the queues that the request's flow may use; empty for a level without queues */
  arrive(request: QueuedRequest, hand: readonly number[], now: number): 'running' | 'waiting' | 'rejected' {
    this.#sync(now);
    if (hand.length === 0) {
      if (!this.#accommodates(request.seats)) {
        this.rejected++;
        return 'rejected';
      }
      this.queueless.add(request);
      this.#run(request, now);
      return 'running';
    }
    const queue = this.#shortest(hand);
    if (queue.waiting.length >= this.#settings.queueLengthLimit && this.#settings.queueLengthLimit > 0) {
      this.rejected++;
      return 'rejected';
    }
    if (!queue.active) this.#active++;
    request.queue = queue;
    request.arrived = now;
    request.arrivalProgress = this.progress;
    queue.waiting.push(request);
    queue.seatsWaiting += request.seats;
    this.waiting++;
    this.seatsWaiting += request.seats;
    bound(queue);
    // Those that waited before could not run, and still cannot: only this one may.
    if (this.waiting === 1 && this.#accommodates(request.seats)) this.#take(queue, now);
    else if (this.seatsInUse < this.#limit) this.#dispatch(now);
    return this.#running(request) ? 'running' : 'waiting';
  }

  /** A request that ran is answered: its seats are free, unless it keeps some (`release` after additionalLatency). */
  finish(request: QueuedRequest, now: number): QueuedRequest[] {
    if (request.state !== 'running') return [];
    this.#sync(now);
    request.state = 'over';
    this.running--;
    const { queue } = request;
    if (queue === undefined) this.queueless.delete(request);
    else {
      queue.running.delete(request);
      if (!queue.active) this.#active--;
      // What was estimated is set right by what it took.
      const took = now - request.started;
      queue.nextDispatch -= (request.work.initialSeats * (usualService - took)) / 1000;
      bound(queue);
    }
    if (request.work.additionalLatency > 0) return this.#dispatch(now);
    return this.#release(request, now);
  }

  /** Frees the seats that a finished request kept. */
  release(request: QueuedRequest, now: number): QueuedRequest[] {
    this.#sync(now);
    return this.#release(request, now);
  }

  /** Takes out a request that waits: it waited too long, or its client is gone. False when it waits no more. */
  cancel(request: QueuedRequest, why: 'time-out' | 'cancelled', now: number): boolean {
    const { queue } = request;
    if (request.state !== 'waiting' || queue === undefined) return false;
    this.#sync(now);
    queue.waiting.splice(queue.waiting.indexOf(request), 1);
    this.#unwait(queue, request);
    if (!queue.active) this.#active--;
    request.state = 'over';
    this.rejected++;
    if (why === 'time-out') this.timedOut++;
    else this.cancelled++;
    bound(queue);
    return true;
  }

  /** Seats that could be used now, if there were enough. */
  get demand(): number {
    return this.seatsInUse + this.seatsWaiting;
  }

  /** Progress is what each active queue has got in seat-seconds, when all get the same. */
  #sync(now: number): void {
    const passed = now - this.#synced;
    this.#synced = now;
    if (passed <= 0 || this.#active === 0) return;
    this.progress += (Math.min(this.demand, this.#limit) / this.#active) * (passed / 1000);
  }

  /** Of a hand, the queue with the least work waiting and running. */
  #shortest(hand: readonly number[]): FairQueue {
    let best: FairQueue | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const index of hand) {
      let queue = this.queues.get(index);
      if (queue === undefined) {
        queue = new FairQueue(index);
        queue.nextDispatch = this.progress;
        this.queues.set(index, queue);
      }
      const size = queue.seatsWaiting + queue.seatsInUse;
      if (size >= least) continue;
      best = queue;
      least = size;
    }
    return best!;
  }

  #running(request: QueuedRequest): boolean {
    return request.state === 'running';
  }

  #accommodates(seats: number): boolean {
    // A request that is wider than the level runs when it is alone.
    if (seats > this.#limit) return this.running === 0 && this.seatsInUse === 0;
    return this.seatsInUse + seats <= this.#limit;
  }

  #dispatch(now: number): QueuedRequest[] {
    const begun: QueuedRequest[] = [];
    while (this.waiting > 0) {
      const queue = this.#next();
      if (!this.#accommodates(queue.waiting[0]!.seats)) {
        this.noAccommodation++;
        break;
      }
      begun.push(this.#take(queue, now));
    }
    return begun;
  }

  /** The queue whose oldest request would be finished first; of equals, the one after the last that was served. */
  #next(): FairQueue {
    let best: FairQueue | undefined;
    let earliest = Number.POSITIVE_INFINITY;
    for (const queue of this.queues.values()) {
      const oldest = queue.waiting[0];
      if (oldest === undefined) continue;
      const finish = queue.nextDispatch + oldest.totalWork;
      const sooner = finish < earliest;
      if (!sooner && (finish > earliest || this.#turn(queue) > this.#turn(best!))) continue;
      best = queue;
      earliest = finish;
    }
    return best!;
  }

  #turn(queue: FairQueue): number {
    return queue.index > this.#robin ? queue.index : queue.index + this.#settings.queues + 1;
  }

  #take(queue: FairQueue, now: number): QueuedRequest {
    const request = queue.waiting.shift()!;
    this.#unwait(queue, request);
    this.#robin = queue.index;
    queue.running.add(request);
    queue.seatsInUse += request.seats;
    queue.nextDispatch += request.totalWork;
    bound(queue);
    this.#run(request, now);
    return request;
  }

  #unwait(queue: FairQueue, request: QueuedRequest): void {
    queue.seatsWaiting -= request.seats;
    this.waiting--;
    this.seatsWaiting -= request.seats;
  }

  #run(request: QueuedRequest, now: number): void {
    request.state = 'running';
    request.started = now;
    this.running++;
    this.dispatched++;
    this.seatsInUse += request.seats;
  }

  #release(request: QueuedRequest, now: number): QueuedRequest[] {
    this.seatsInUse -= request.seats;
    const { queue } = request;
    if (queue !== undefined) {
      queue.seatsInUse -= request.seats;
      if (queue.index >= this.#settings.queues && !queue.active && queue.seatsInUse === 0)
        this.queues.delete(queue.index);
    }
    return this.#dispatch(now);
  }
}

/** A queue that could not use its share does not save it up: nothing begins before it came. */
function bound(queue: FairQueue): void {
  const oldest = queue.waiting[0];
  if (oldest !== undefined && queue.nextDispatch < oldest.arrivalProgress) queue.nextDispatch = oldest.arrivalProgress;
}

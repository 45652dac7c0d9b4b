import { BoundedQueue, messageOf, randomInteger, rfc3339, sleep, type World } from '@keelson/base';
import { ApiError, type Client, isNotFound, kubernetesResources } from '@keelson/client';
import type { ApiObject } from '@keelson/model';
import { type Correlated, EventCorrelator, type Occurrence } from './event-correlator.ts';
import { type EventRecorder, referenceTo } from './event-recorder.ts';

export interface EventBroadcasterOptions {
  readonly client: Client;
  readonly world: World;
  /** `source.host` of what is written; a kubelet's node. */
  readonly host?: string;
  /** How many occurrences wait to be written at most; more are dropped. Default 1000. */
  readonly limit?: number;
}

const tries = 12;
const wait = 10_000;

/**
 * Writes core/v1 Events, one after the other and apart from the work that they tell of. What says the same again raises
 * the count of the Event that is there.
 */
export class EventBroadcaster {
  readonly #client: Client;
  readonly #world: World;
  readonly #host: string;
  readonly #queue: BoundedQueue<Occurrence>;
  readonly #correlator: EventCorrelator;
  readonly #stop = new AbortController();
  readonly #finished: Promise<void>;

  constructor(options: EventBroadcasterOptions) {
    this.#client = options.client;
    this.#world = options.world;
    this.#host = options.host ?? '';
    this.#queue = new BoundedQueue(options.limit ?? 1000);
    this.#correlator = new EventCorrelator(options.world.clock);
    this.#finished = this.#run();
  }

  /** A recorder whose Events name `component` as their source. */
  recorder(component: string): EventRecorder {
    return {
      event: (about, type, reason, message) => {
        const reference = referenceTo(about);
        const time = this.#world.clock.now();
        const taken = this.#queue.offer({ component, host: this.#host, about: reference, type, reason, message, time });
        if (!taken) this.#world.log.warn('an event was dropped', { reason, name: reference.name });
      },
    };
  }

  /** Writes what is queued, with one try each, and ends. */
  async stop(): Promise<void> {
    this.#queue.close();
    this.#stop.abort();
    await this.#finished;
  }

  async #run(): Promise<void> {
    for (;;) {
      const occurrence = await this.#queue.take();
      if (occurrence === undefined) return;
      const correlated = this.#correlator.correlate(occurrence);
      if (correlated !== undefined) await this.#record(occurrence, correlated);
    }
  }

  async #record(occurrence: Occurrence, correlated: Correlated): Promise<void> {
    for (let turn = 1; ; turn++) {
      try {
        this.#correlator.remember(correlated.key, await this.#write(occurrence, correlated));
        return;
      } catch (thrown) {
        // A refusal stays one (the namespace is going, no permission); only a server that is away comes back.
        const hopeless = thrown instanceof ApiError && thrown.code < 500;
        if (hopeless || turn >= tries || this.#stop.signal.aborted) {
          this.#world.log.debug('an event was not written', { reason: occurrence.reason, error: messageOf(thrown) });
          return;
        }
        await sleep(this.#world.clock, wait, this.#stop.signal);
      }
    }
  }

  async #write(occurrence: Occurrence, { message, written }: Correlated): Promise<ApiObject> {
    const events = this.#client.resource<ApiObject>(kubernetesResources.events);
    if (written !== undefined) {
      const patch = { count: (written['count'] ?? 1) + 1, lastTimestamp: rfc3339(occurrence.time), message };
      try {
        return await events.patch(written.metadata!.name!, written.metadata!.namespace, patch);
      } catch (thrown) {
        // Events expire; the same thing said later is a new one.
        if (!isNotFound(thrown)) throw thrown;
      }
    }
    return events.create(this.#eventOf(occurrence, message));
  }

  #eventOf(occurrence: Occurrence, message: string): ApiObject {
    const { about, component, host, type, reason, time } = occurrence;
    const nanoseconds = BigInt(time) * 1_000_000n + BigInt(randomInteger(this.#world.random, 1_000_000));
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${about.name}.${nanoseconds.toString(16)}`, namespace: about.namespace || 'default' },
      involvedObject: about,
      reason,
      message,
      source: { component, ...(host && { host }) },
      firstTimestamp: rfc3339(time),
      lastTimestamp: rfc3339(time),
      count: 1,
      type,
      eventTime: null,
      reportingComponent: component,
      reportingInstance: host,
    };
  }
}

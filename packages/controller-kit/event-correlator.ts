import type { Clock } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import type { EventType, ObjectReference } from './event-recorder.ts';
import { TokenBucket } from './token-bucket.ts';

/** One thing that was said, before it is known whether it becomes an Event of its own. */
export interface Occurrence {
  readonly component: string;
  readonly host: string;
  readonly about: ObjectReference;
  readonly type: EventType;
  readonly reason: string;
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

export interface Correlated {
  /** Where the result of writing is to be remembered. */
  readonly key: string;
  readonly message: string;
  /** The Event that says the same already; undefined when a new one is due. */
  readonly written: ApiObject | undefined;
}

interface Aggregate {
  readonly messages: Set<string>;
  last: number;
}

/** As upstream's correlator: how many differing messages are told apart, for how long, and how fast one object may talk. */
const aggregateAt = 10;
const aggregateFor = 600_000;
const spamBurst = 25;
const spamPerSecond = 1 / 300;
const remembered = 4096;

/** Decides which occurrences are told at all, which are one, and which are said to be similar. Holds at most 3 × 4096 entries. */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #buckets = new Recent<TokenBucket>(remembered);
  readonly #aggregates = new Recent<Aggregate>(remembered);
  readonly #written = new Recent<ApiObject>(remembered);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What to write for `occurrence`; undefined when its object talks too much. */
  correlate(occurrence: Occurrence): Correlated | undefined {
    const { component, host, about, type, reason } = occurrence;
    const source = [component, host, about.kind, about.namespace, about.name, about.uid, about.apiVersion].join('\0');
    const similar = [source, about.fieldPath, type, reason].join('\0');
    const { message, key } = this.#aggregate(similar, occurrence);
    if (!this.#buckets.getOrMake(source, () => new TokenBucket(this.#clock, spamPerSecond, spamBurst)).tryTake())
      return undefined;
    return { key, message, written: this.#written.get(key) };
  }

  /** Remembers what the server answered for a key. */
  remember(key: string, event: ApiObject): void {
    this.#written.set(key, event);
  }

  #aggregate(similar: string, { message, time }: Occurrence): { readonly message: string; readonly key: string } {
    const aggregate = this.#aggregates.getOrMake(similar, () => ({ messages: new Set(), last: time }));
    if (time - aggregate.last > aggregateFor) aggregate.messages.clear();
    aggregate.last = time;
    aggregate.messages.add(message);
    if (aggregate.messages.size < aggregateAt) return { message, key: `${similar}\0${message}` };
    // One message goes, so that the set stays small while it keeps counting as many.
    for (const oldest of aggregate.messages) {
      aggregate.messages.delete(oldest);
      break;
    }
    return { message: `(combined from similar events): ${message}`, key: similar };
  }
}

/** The `limit` entries that were used last. */
class Recent<T> {
  readonly #limit: number;
  readonly #entries = new Map<string, T>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): T | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#limit) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
  }

  getOrMake(key: string, make: () => T): T {
    const value = this.get(key) ?? make();
    this.set(key, value);
    return value;
  }
}

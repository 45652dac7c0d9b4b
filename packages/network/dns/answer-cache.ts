import type { Clock } from '@keelson/base';
import { type DnsMessage, type DnsRecord, nameText, recordTypes, responseCodes } from './message.ts';
import type { CacheSettings } from './server-configuration.ts';

interface Entry {
  readonly answer: DnsMessage;
  /** Milliseconds of the monotonic clock. */
  readonly stored: number;
  readonly until: number;
}

/** Seconds for which an answer is kept at least, though its records say less. */
const shortest = 5;

/** Answers of other resolvers, for as long as their records and the settings allow. The oldest make room for new ones. */
export class AnswerCache {
  readonly #clock: Clock;
  readonly #settings: CacheSettings;
  readonly #success = new Map<string, Entry>();
  readonly #denial = new Map<string, Entry>();

  constructor(clock: Clock, settings: CacheSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** What was answered to this question, with TTLs that count down; undefined when it is not known (any more). */
  get(query: DnsMessage): DnsMessage | undefined {
    const key = keyOf(query);
    const now = this.#clock.monotonic();
    for (const entries of [this.#success, this.#denial]) {
      const entry = key === undefined ? undefined : entries.get(key);
      if (entry === undefined) continue;
      if (now < entry.until) return aged(entry, now);
      entries.delete(key!);
    }
    return undefined;
  }

  put(query: DnsMessage, answer: DnsMessage): void {
    const key = keyOf(query);
    if (key === undefined || answer.truncated) return;
    const denied = answer.code === responseCodes.NXDOMAIN || (answer.code === 0 && answer.answers.length === 0);
    if (!denied && answer.code !== responseCodes.NOERROR) return;
    const { ttl: longest, capacity } = denied ? this.#settings.denial : this.#settings.success;
    const given = denied ? negativeTtl(answer.authorities) : Math.min(...all(answer).map(({ ttl }) => ttl));
    if (given === undefined || longest === 0 || capacity === 0) return;
    const seconds = Math.min(Math.max(given, shortest), longest);
    const entries = denied ? this.#denial : this.#success;
    entries.delete(key);
    const oldest = entries.size >= capacity ? entries.keys().next().value : undefined;
    if (oldest !== undefined) entries.delete(oldest);
    const stored = this.#clock.monotonic();
    entries.set(key, { answer: capped(answer, seconds), stored, until: stored + 1000 * seconds });
  }

  get size(): number {
    return this.#success.size + this.#denial.size;
  }
}

/** What an answer depends on; undefined for a query that is not to be remembered. */
function keyOf({ questions, checkingDisabled, edns }: DnsMessage): string | undefined {
  const [question] = questions;
  if (question === undefined) return undefined;
  const flags = `${edns?.dnssecOk ? 'D' : ''}${checkingDisabled ? 'C' : ''}`;
  return `${question.type}/${question.class}/${flags}/${JSON.stringify(question.name.map((label) => nameText([label])))}`;
}

function all({ answers, authorities, additionals }: DnsMessage): readonly DnsRecord[] {
  return [...answers, ...authorities, ...additionals];
}

/** RFC 2308: the lesser of the SOA's TTL and its last number. */
function negativeTtl(authorities: readonly DnsRecord[]): number | undefined {
  const soa = authorities.find(({ type }) => type === recordTypes.SOA);
  if (soa === undefined || soa.data.length < 4) return undefined;
  return Math.min(soa.ttl, Buffer.from(soa.data).readUInt32BE(soa.data.length - 4));
}

function withTtl(answer: DnsMessage, change: (ttl: number) => number): DnsMessage {
  const records = (list: readonly DnsRecord[]) => list.map((record) => ({ ...record, ttl: change(record.ttl) }));
  return {
    ...answer,
    answers: records(answer.answers),
    authorities: records(answer.authorities),
    additionals: records(answer.additionals),
  };
}

function capped(answer: DnsMessage, seconds: number): DnsMessage {
  return withTtl(answer, (ttl) => Math.min(ttl, seconds));
}

function aged({ answer, stored }: Entry, now: number): DnsMessage {
  const seconds = Math.floor((now - stored) / 1000);
  return withTtl(answer, (ttl) => Math.max(ttl - seconds, 0));
}

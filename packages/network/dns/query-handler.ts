import { type Log, randomInteger, type World } from '@keelson/base';
import { AnswerCache } from './answer-cache.ts';
import type { ClusterZone, ZoneAnswer } from './cluster-zone.ts';
import type { Forwarder } from './forwarder.ts';
import {
  type DnsMessage,
  type DnsName,
  type DnsRecord,
  internetClass,
  nameText,
  queryFor,
  recordTypes,
  replyTo,
  responseCodes,
} from './message.ts';
import type { ServerConfiguration } from './server-configuration.ts';

export interface QueryHandlerOptions {
  readonly world: World;
  readonly configuration: ServerConfiguration;
  /** The cluster's names, when the block has `kubernetes`. */
  readonly zone: ClusterZone | undefined;
  readonly forwarders: readonly Forwarder[];
  /** Called when a query comes back that this server sent itself to find out whether forwarding goes in a circle. */
  readonly onLoop?: () => void;
}

/** How often each outcome came, for metrics. */
export interface QueryCounts {
  readonly byCode: Map<number, number>;
  cacheHits: number;
  cacheMisses: number;
}

const queryOpcode = 0;

/** Answers the queries of one server block: the cluster's names itself, the others by cache and forwarding. */
export class QueryHandler {
  readonly counts: QueryCounts = { byCode: new Map(), cacheHits: 0, cacheMisses: 0 };
  readonly #options: QueryHandlerOptions;
  readonly #cache: AnswerCache | undefined;
  readonly #log: Log;
  readonly #underWay = new Map<string, Promise<DnsMessage>>();
  #probe: { readonly name: string; seen: number } | undefined;

  constructor(options: QueryHandlerOptions) {
    this.#options = options;
    this.#log = options.world.log;
    const { cache } = options.configuration;
    this.#cache = cache && new AnswerCache(options.world.clock, cache);
  }

  /** True for a name of one of the block's zones; how specific the zone is decides between blocks. */
  specificity(name: string): number {
    const matching = this.#options.configuration.zones.filter(
      (zone) => zone === '' || name === zone || name.endsWith(`.${zone}`),
    );
    return matching.length === 0 ? -1 : Math.max(...matching.map((zone) => zone.length));
  }

  /** Never rejects. */
  async answer(query: DnsMessage, tcp: boolean): Promise<DnsMessage> {
    const began = this.#options.world.clock.monotonic();
    let answer: DnsMessage;
    try {
      answer = await this.#resolve(query, tcp);
    } catch (error) {
      this.#log.error('a query could not be answered', { error });
      answer = replyTo(query, { code: responseCodes.SERVFAIL });
    }
    const { configuration, world } = this.#options;
    this.counts.byCode.set(answer.code, (this.counts.byCode.get(answer.code) ?? 0) + 1);
    const [question] = query.questions;
    const facts = () => ({ name: nameText(question?.name ?? []), type: question?.type, code: answer.code });
    if (configuration.errors && answer.code === responseCodes.SERVFAIL) this.#log.warn('a query failed', facts());
    if (configuration.log)
      this.#log.info('a query was answered', { ...facts(), milliseconds: world.clock.monotonic() - began });
    return configuration.loadbalance ? this.#turned(answer) : answer;
  }

  /** Sends a query that nobody else would send to the resolvers that are forwarded to, to see whether it comes back. */
  async probeLoop(): Promise<void> {
    const { world, forwarders } = this.#options;
    const label = () => String(randomInteger(world.random, 2 ** 32));
    const name = [label(), label()];
    this.#probe = { name: name.join('.'), seen: 0 };
    const query = queryFor({ name, type: recordTypes.HINFO, class: internetClass });
    await forwarders.find((forwarder) => forwarder.takes(name.join('.')))?.ask(query, false);
    this.#probe = undefined;
  }

  async #resolve(query: DnsMessage, tcp: boolean): Promise<DnsMessage> {
    if (query.opcode !== queryOpcode) return replyTo(query, { code: responseCodes.NOTIMP });
    const [question, ...more] = query.questions;
    if (question === undefined || more.length > 0) return replyTo(query, { code: responseCodes.FORMERR });
    if ((query.edns?.version ?? 0) > 0) return replyTo(query, { code: responseCodes.BADVERS });
    if (question.class !== internetClass) return replyTo(query, { code: responseCodes.REFUSED });
    if (this.#looped(question.name, question.type)) return replyTo(query, { code: responseCodes.SERVFAIL });
    const { zone } = this.#options;
    const own = zone?.answer(question.name, question.type);
    if (own !== undefined && !zone!.complete) return replyTo(query, { code: responseCodes.SERVFAIL });
    return own === undefined ? this.#elsewhere(query, tcp) : this.#ownAnswer(query, own, tcp);
  }

  #looped(name: DnsName, type: number): boolean {
    const probe = this.#probe;
    if (probe === undefined || type !== recordTypes.HINFO || nameText(name) !== probe.name) return false;
    probe.seen++;
    if (probe.seen >= 2) this.#options.onLoop?.();
    return probe.seen >= 2;
  }

  async #ownAnswer(query: DnsMessage, own: ZoneAnswer, tcp: boolean): Promise<DnsMessage> {
    const { follow, ...sections } = own;
    const answer = replyTo(query, { ...sections, authoritative: true });
    if (follow === undefined) return answer;
    // An external name leads out of the zone; a client that asks for addresses gets them with it.
    const [question] = query.questions;
    const within = this.#options.zone?.answer(follow, question!.type);
    const target = { ...query, questions: [{ ...question!, name: follow }] };
    const found = within?.answers ?? (await this.#elsewhere(target, tcp)).answers;
    return { ...answer, answers: [...answer.answers, ...found] };
  }

  async #elsewhere(query: DnsMessage, tcp: boolean): Promise<DnsMessage> {
    const name = nameText(query.questions[0]!.name);
    const forwarder = this.#options.forwarders.find((one) => one.takes(name));
    if (forwarder === undefined)
      return replyTo(query, { code: this.#options.zone ? responseCodes.SERVFAIL : responseCodes.REFUSED });
    const known = this.#cache?.get(query);
    if (known !== undefined) {
      this.counts.cacheHits++;
      return {
        ...replyTo(query),
        ...known,
        id: query.id,
        questions: query.questions,
        ...(replyTo(query).edns && { edns: replyTo(query).edns! }),
      };
    }
    this.counts.cacheMisses++;
    return this.#once(query, tcp, forwarder);
  }

  /** Of those who ask the same at the same time, one is forwarded. */
  async #once(query: DnsMessage, tcp: boolean, forwarder: Forwarder): Promise<DnsMessage> {
    const key = JSON.stringify([
      query.questions,
      tcp,
      query.edns?.dnssecOk,
      query.checkingDisabled,
      query.recursionDesired,
    ]);
    let asking = this.#underWay.get(key);
    if (asking === undefined) {
      asking = forwarder.ask(query, tcp).then((answer) => {
        this.#cache?.put(query, answer);
        return answer;
      });
      this.#underWay.set(key, asking);
      void asking.finally(() => this.#underWay.delete(key));
    }
    const { edns, ...answer } = await asking;
    return { ...answer, id: query.id, questions: query.questions, ...(query.edns && { edns: replyTo(query).edns! }) };
  }

  /** The same records, with those of addresses beginning at a random place: clients take the first. */
  #turned(answer: DnsMessage): DnsMessage {
    const isAddress = ({ type }: DnsRecord) => type === recordTypes.A || type === recordTypes.AAAA;
    const addresses = answer.answers.filter(isAddress);
    if (addresses.length < 2) return answer;
    const start = randomInteger(this.#options.world.random, addresses.length);
    const others = answer.answers.filter((record) => !isAddress(record));
    return { ...answer, answers: [...others, ...addresses.slice(start), ...addresses.slice(0, start)] };
  }
}

import { messageOf, randomInteger, type World } from '@keelson/base';
import { exchangeQuery, type Resolver } from './exchange-query.ts';
import { type DnsMessage, nameText, replyTo, responseCodes } from './message.ts';
import type { ForwardSettings } from './server-configuration.ts';

export interface ForwarderOptions {
  readonly world: World;
  readonly settings: ForwardSettings;
  /** What `settings.to` stands for. */
  readonly resolvers: readonly Resolver[];
  /** Milliseconds for one resolver, and for all of them. Default 2 s and 5 s, as CoreDNS. */
  readonly timeout?: number;
  readonly deadline?: number;
}

const mostConcurrent = 1000;
/** A resolver that failed this often in a row is asked last until it answers again. */
const failuresToAvoid = 2;

/** Asks other resolvers, within bounds. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #failures = new Map<Resolver, number>();
  readonly #excepted: readonly string[];
  #concurrent = 0;
  #turn = 0;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#excepted = options.settings.except;
  }

  get resolvers(): readonly Resolver[] {
    return this.#options.resolvers;
  }

  /** True for a name that this one forwards. */
  takes(name: string): boolean {
    const within = (zone: string) => zone === '' || name === zone || name.endsWith(`.${zone}`);
    return within(this.#options.settings.from) && !this.#excepted.some(within);
  }

  /** The answer of the first resolver that gives one; SERVFAIL when none does, REFUSED over the limit. Never rejects. */
  async ask(query: DnsMessage, tcp: boolean): Promise<DnsMessage> {
    const limit = this.#options.settings.maxConcurrent || mostConcurrent;
    if (this.#concurrent >= limit) return replyTo(query, { code: responseCodes.REFUSED });
    this.#concurrent++;
    try {
      return await this.#tryAll(query, tcp);
    } finally {
      this.#concurrent--;
    }
  }

  async #tryAll(query: DnsMessage, tcp: boolean): Promise<DnsMessage> {
    const { world, settings, timeout = 2000, deadline = 5000 } = this.#options;
    const end = world.clock.monotonic() + deadline;
    let problem = 'there is no resolver to ask';
    for (const resolver of this.#inOrder()) {
      const left = end - world.clock.monotonic();
      if (left <= 0) break;
      const id = randomInteger(world.random, 65_536);
      try {
        const answer = await exchangeQuery({ ...query, id }, resolver, {
          clock: world.clock,
          timeout: Math.min(timeout, left),
          tcp: tcp || settings.forceTcp,
        });
        this.#failures.delete(resolver);
        return replyTo(query, { ...answer, id: query.id, questions: query.questions, edns: replyTo(query).edns! });
      } catch (error) {
        problem = messageOf(error);
        this.#failures.set(resolver, (this.#failures.get(resolver) ?? 0) + 1);
      }
    }
    const [question] = query.questions;
    world.log.debug('no resolver answered', { name: nameText(question?.name ?? []), problem });
    return replyTo(query, { code: responseCodes.SERVFAIL });
  }

  #inOrder(): Resolver[] {
    const { resolvers, settings, world } = this.#options;
    const start =
      settings.policy === 'sequential' || resolvers.length === 0
        ? 0
        : settings.policy === 'round_robin'
          ? this.#turn++ % resolvers.length
          : randomInteger(world.random, resolvers.length);
    const turned = [...resolvers.slice(start), ...resolvers.slice(0, start)];
    const good = (resolver: Resolver) => (this.#failures.get(resolver) ?? 0) < failuresToAvoid;
    return [...turned.filter(good), ...turned.filter((resolver) => !good(resolver))];
  }
}

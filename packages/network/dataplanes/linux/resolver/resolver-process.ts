import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, sleep, type World } from '@keelson/base';
import { DnsListener } from '../../../dns/dns-listener.ts';
import { type DnsMessage, replyTo, responseCodes } from '../../../dns/message.ts';
import { NameAnswers } from '../../../vpc-dns/name-answers.ts';
import { configurationFile, digestOf, replaceText, stateFile } from '../process-folder.ts';
import type { ResolverConfiguration, ResolverState } from './resolver-configuration.ts';

export interface ResolverProcessOptions {
  readonly world: World;
  readonly folder: string;
  /** Default 53. */
  readonly port?: number;
}

const retryDelay = 50;

/** Amazon's DNS of one VPC, from inside the VPC's network namespace. It works from a folder, as FolderProcess has it. */
export class ResolverProcess {
  readonly #options: ResolverProcessOptions;
  readonly #listeners = new Map<string, DnsListener>();
  readonly #stop = new AbortController();
  #answers: NameAnswers | undefined;
  #outside: string | undefined;
  #digest = '';
  #problem: string | undefined;
  #wanted: readonly string[] = [];
  #opening: Promise<void> | undefined;

  constructor(options: ResolverProcessOptions) {
    this.#options = options;
  }

  /** Reads the configuration and follows it. An address that the VPC does not have yet is tried again until it has. */
  async load(): Promise<void> {
    const { folder, world } = this.#options;
    const text = readFileSync(join(folder, configurationFile), 'utf8');
    const { names, listen, outsideSocket }: ResolverConfiguration = JSON.parse(text);
    this.#answers = new NameAnswers(names, world.random);
    this.#outside = outsideSocket;
    this.#wanted = listen;
    for (const [address, listener] of this.#listeners) {
      if (listen.includes(address)) continue;
      this.#listeners.delete(address);
      await listener.close();
    }
    if (this.#opening === undefined) await this.#open();
    this.#digest = digestOf(text);
    this.#tell();
    if (this.#missing().length > 0) this.#opening ??= this.#keepOpening();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#opening;
    await Promise.all([...this.#listeners.values()].map((listener) => listener.close()));
  }

  /** Never rejects. */
  async #answer(query: DnsMessage): Promise<DnsMessage> {
    const own = this.#answers?.answer(query);
    if (own !== undefined) return own;
    // With no way out it is told to be absent at once: a client that waits for an answer waits for seconds.
    if (this.#outside === undefined) return replyTo(query, { code: responseCodes.NXDOMAIN, recursionAvailable: true });
    const { askOutside } = await import('./ask-outside.ts');
    return askOutside(query, this.#outside, this.#options.world.clock);
  }

  #missing(): string[] {
    return this.#wanted.filter((address) => !this.#listeners.has(address));
  }

  async #keepOpening(): Promise<void> {
    while (this.#missing().length > 0) {
      await sleep(this.#options.world.clock, retryDelay, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      const before = this.#listeners.size;
      const problem = this.#problem;
      await this.#open();
      if (this.#listeners.size !== before || this.#problem !== problem) this.#tell();
    }
    this.#opening = undefined;
  }

  async #open(): Promise<void> {
    const { world, port = 53 } = this.#options;
    this.#problem = undefined;
    for (const host of this.#missing()) {
      try {
        const answer = (query: DnsMessage) => this.#answer(query);
        this.#listeners.set(host, await DnsListener.listen({ host, port, answer, log: world.log }));
      } catch (error) {
        this.#problem = messageOf(error);
      }
    }
  }

  #tell(): void {
    const state: ResolverState = {
      configuration: this.#digest,
      listening: [...this.#listeners.keys()].sort(),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    };
    replaceText(this.#options.folder, stateFile, JSON.stringify(state));
  }
}

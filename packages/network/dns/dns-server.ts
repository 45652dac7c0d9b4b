import { messageOf, sleep, type World } from '@keelson/base';
import type { Client } from '@keelson/client';
import { type HttpEndpoint, httpEndpoint, type PlainAnswer } from '../observe/http-endpoint.ts';
import { ClusterZone } from './cluster-zone.ts';
import { parseCorefile } from './corefile.ts';
import { DnsListener } from './dns-listener.ts';
import { dnsMetrics } from './dns-metrics.ts';
import type { Resolver } from './exchange-query.ts';
import { Forwarder } from './forwarder.ts';
import { type DnsMessage, nameText, replyTo, responseCodes } from './message.ts';
import { QueryHandler } from './query-handler.ts';
import { type ForwardSettings, readServerBlock, type ServerConfiguration } from './server-configuration.ts';
import { ZoneWatch } from './zone-watch.ts';

export interface DnsServerOptions {
  readonly world: World;
  /** Path of the Corefile, for messages. */
  readonly file: string;
  readonly readCorefile: () => string;
  /** The text of a resolv.conf that the Corefile forwards to. @throws Error when it cannot be read */
  readonly readResolvConf: (path: string) => string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Made when a block has `kubernetes`. */
  readonly client: () => Client;
  /** Address of the DNS sockets. Default 0.0.0.0. */
  readonly host?: string;
  /** Addresses at which other pods find this server: what `ns.dns.ZONE` answers. */
  readonly serverAddresses?: () => readonly string[];
  /** Told of what cannot be lived with, as a forwarding loop. */
  readonly fatal: (error: Error) => void;
}

interface Block {
  readonly configuration: ServerConfiguration;
  readonly handler: QueryHandler;
  readonly zone: ClusterZone | undefined;
  readonly watch: ZoneWatch | undefined;
}

/** How long a start waits for the API server before it answers what it can, in milliseconds. */
const patience = 5000;

/** A DNS server as its Corefile says: sockets, probes and metrics stay open over a reload that does not change them. */
export class DnsServer {
  readonly #options: DnsServerOptions;
  readonly #listeners = new Map<number, DnsListener>();
  readonly #endpoints = new Map<string, HttpEndpoint>();
  readonly #stop = new AbortController();
  #blocks: readonly Block[] = [];
  #text = '';
  #stopping = false;

  private constructor(options: DnsServerOptions) {
    this.#options = options;
  }

  /** @throws CorefileError, or Error when a port is taken */
  static async start(options: DnsServerOptions): Promise<DnsServer> {
    const server = new DnsServer(options);
    await server.#load(options.readCorefile());
    void server.#reload();
    return server;
  }

  /** The real port of a block that asked for `port`. */
  portOf(port: number): number | undefined {
    return this.#listeners.get(port)?.port;
  }

  /** The real port of a probe or metrics server that was asked for at `port`. */
  endpointPort(port: number): number | undefined {
    return [...this.#endpoints].find(([address]) => address.endsWith(`:${port}`))?.[1].port;
  }

  /** Fails its health check for as long as `lameduck` says, answering meanwhile, and then closes everything. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const longest = Math.max(0, ...this.#blocks.map(({ configuration }) => configuration.health?.lameduck ?? 0));
    await sleep(this.#options.world.clock, longest);
    this.#stop.abort();
    for (const block of this.#blocks) block.watch?.stop();
    for (const open of [...this.#listeners.values(), ...this.#endpoints.values()]) await open.close();
  }

  async #load(text: string): Promise<void> {
    const { file, environment, world } = this.#options;
    const parsed = parseCorefile(text, file, environment ?? {}).map((block) => readServerBlock(block, file));
    const blocks = parsed.map((configuration) => this.#block(configuration));
    const synced = Promise.all(blocks.map(({ watch }) => watch?.synced));
    await Promise.race([synced, sleep(world.clock, patience, this.#stop.signal)]);
    const before = this.#blocks;
    this.#blocks = blocks;
    this.#text = text;
    await this.#openListeners(parsed);
    await this.#openEndpoints(parsed);
    for (const { watch } of before) watch?.stop();
    for (const { configuration, handler } of blocks) if (configuration.loop) void handler.probeLoop();
  }

  async #reload(): Promise<void> {
    const { world, readCorefile } = this.#options;
    while (!this.#stop.signal.aborted) {
      const intervals = this.#blocks.flatMap(({ configuration }) => configuration.reload ?? []);
      if (intervals.length === 0) return;
      await sleep(world.clock, Math.min(...intervals), this.#stop.signal);
      if (this.#stop.signal.aborted || this.#stopping) return;
      try {
        const text = readCorefile();
        if (text === this.#text) continue;
        await this.#load(text);
        world.log.info('the Corefile was read anew');
      } catch (error) {
        world.log.error('the Corefile cannot be read anew; the former one stays', { error: messageOf(error) });
      }
    }
  }

  #block(configuration: ServerConfiguration): Block {
    const { world, client, serverAddresses, fatal } = this.#options;
    const { kubernetes, zones, port } = configuration;
    const zone =
      kubernetes &&
      new ClusterZone({
        ...kubernetes,
        ...splitZones(kubernetes.zones),
        serverAddresses: serverAddresses ?? (() => []),
      });
    const watch = zone && new ZoneWatch({ client: client(), world, zone });
    const forwarders = configuration.forwards.map(
      (settings) => new Forwarder({ world, settings, resolvers: this.#resolvers(settings) }),
    );
    const looped = () =>
      fatal(new Error(`plugin/loop: Loop (:${port} -> :${port}) detected for zone "${zones[0] || '.'}"`));
    const handler = new QueryHandler({ world, configuration, zone, forwarders, onLoop: looped });
    return { configuration, handler, zone, watch };
  }

  #resolvers({ to }: ForwardSettings): Resolver[] {
    return to.flatMap((target) => {
      if (!target.startsWith('/')) return [resolverOf(target)];
      const text = this.#options.readResolvConf(target);
      return [...text.matchAll(/^\s*nameserver\s+([0-9a-fA-F.:]+)/gm)].map(([, address]) => resolverOf(address!));
    });
  }

  async #openListeners(configurations: readonly ServerConfiguration[]): Promise<void> {
    const { host = '0.0.0.0', world } = this.#options;
    const ports = new Set(configurations.map(({ port }) => port));
    for (const port of ports) {
      if (this.#listeners.has(port)) continue;
      const answer = (query: DnsMessage, tcp: boolean) => this.#answer(port, query, tcp);
      this.#listeners.set(port, await DnsListener.listen({ host, port, answer, log: world.log }));
    }
    for (const [port, listener] of [...this.#listeners]) {
      if (ports.has(port)) continue;
      this.#listeners.delete(port);
      await listener.close();
    }
  }

  /** The block whose zone is the longest that the name is in. */
  async #answer(port: number, query: DnsMessage, tcp: boolean): Promise<DnsMessage> {
    const name = nameText(query.questions[0]?.name ?? []);
    let best: { readonly handler: QueryHandler; readonly length: number } | undefined;
    for (const { configuration, handler } of this.#blocks) {
      const length = configuration.port === port ? handler.specificity(name) : -1;
      if (length > (best?.length ?? -1)) best = { handler, length };
    }
    return best?.handler.answer(query, tcp) ?? replyTo(query, { code: responseCodes.REFUSED });
  }

  async #openEndpoints(configurations: readonly ServerConfiguration[]): Promise<void> {
    const wanted = new Map<string, { host: string; port: number; answer: (path: string) => PlainAnswer | undefined }>();
    for (const { health, ready, prometheus } of configurations) {
      if (health) wanted.set(addressOf(health), { ...health, answer: (path) => this.#health(path) });
      if (ready) wanted.set(addressOf(ready), { ...ready, answer: (path) => this.#ready(path) });
      if (prometheus) wanted.set(addressOf(prometheus), { ...prometheus, answer: (path) => this.#metrics(path) });
    }
    for (const [address, { host, port, answer }] of wanted)
      if (!this.#endpoints.has(address)) this.#endpoints.set(address, await httpEndpoint({ host, port }, answer));
    for (const [address, endpoint] of [...this.#endpoints]) {
      if (wanted.has(address)) continue;
      this.#endpoints.delete(address);
      await endpoint.close();
    }
  }

  #health(path: string): PlainAnswer | undefined {
    if (path !== '/health') return undefined;
    return this.#stopping ? { status: 503, body: 'lameduck' } : { status: 200, body: 'OK' };
  }

  #ready(path: string): PlainAnswer | undefined {
    if (path !== '/ready') return undefined;
    const waiting = this.#blocks.some(({ zone }) => zone !== undefined && !zone.complete);
    return waiting || this.#stopping ? { status: 503, body: 'kubernetes' } : { status: 200, body: 'OK' };
  }

  #metrics(path: string): PlainAnswer | undefined {
    if (path !== '/metrics') return undefined;
    return dnsMetrics(this.#blocks.map(({ configuration, handler }) => ({ configuration, counts: handler.counts })));
  }
}

function splitZones(zones: readonly string[]) {
  const isReverse = (zone: string) => zone === 'arpa' || zone.endsWith('.arpa');
  return { zone: zones.find((zone) => !isReverse(zone)) ?? 'cluster.local', reverseZones: zones.filter(isReverse) };
}

function addressOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host}:${port}`;
}

function resolverOf(text: string): Resolver {
  const match = /^([\d.]+):(\d+)$/.exec(text);
  return match ? { address: match[1]!, port: Number(match[2]) } : { address: text, port: 53 };
}

import { backoffDelay, messageOf, sleep, type World } from '@keelson/base';
import { type Client, keyOf, kubernetesResources, type SharedCache, SharedCaches } from '@keelson/client';
import type { Node, Service } from '@keelson/model/generated/types/core-v1.ts';
import type { EndpointSlice } from '@keelson/model/generated/types/discovery-v1.ts';
import { containsAddress, parseAddress, parseCidr } from '../ipv4.ts';
import { HealthCheckPorts } from './health-check-ports.ts';
import type { KubeProxyConfiguration } from './kube-proxy-configuration.ts';
import { emptyRuleset, proxyTable, type Ruleset, renderRuleset, rulesetChanges } from './ruleset.ts';
import { ServiceTable } from './service-table.ts';
import { staleUdpFlows } from './udp-flows.ts';

export interface KubeProxyOptions {
  readonly world: World;
  readonly client: Client;
  readonly nodeName: string;
  readonly configuration: KubeProxyConfiguration;
  /** Runs `nft` with these words and this input, and resolves to what it wrote. Rejects when it failed. */
  readonly nft: (words: readonly string[], input?: string) => Promise<string>;
  /** Runs `conntrack` with these words; absent where there is none. */
  readonly conntrack?: ((words: readonly string[]) => Promise<unknown>) | undefined;
}

/** What the probes and metrics show. */
export interface KubeProxyState {
  /** Milliseconds since 1970; 0 before the first time. */
  readonly lastSync: number;
  /** When the oldest change came that is not in the rules yet; undefined when all are. */
  readonly waitingSince: number | undefined;
  readonly syncs: number;
  readonly failures: number;
  /** Seconds of the last sync. */
  readonly lastDuration: number;
  readonly services: number;
  readonly endpointSlices: number;
  /** False while the node is about to be deleted. */
  readonly nodeEligible: boolean;
}

const serviceName = 'kubernetes.io/service-name';
const proxied = { labelSelector: '!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name' };
const retry = { initial: 200, longest: 30_000 };

/** Keeps one node's table of Services what the API server's objects say (KEP-3866). */
export class KubeProxy {
  readonly #options: KubeProxyOptions;
  readonly #table: ServiceTable;
  readonly #caches: SharedCaches;
  readonly #services: SharedCache<Service>;
  readonly #slices: SharedCache<EndpointSlice>;
  readonly #node: SharedCache<Node>;
  readonly #dirty = new Set<string>();
  readonly #healthChecks: HealthCheckPorts;
  #applied: Ruleset = emptyRuleset;
  /** False until the table is known to be as `#applied` says: the next transaction then makes it afresh. */
  #sure = false;
  #changed = true;
  #wake: () => void = () => {};
  #state: KubeProxyState = {
    lastSync: 0,
    waitingSince: undefined,
    syncs: 0,
    failures: 0,
    lastDuration: 0,
    services: 0,
    endpointSlices: 0,
    nodeEligible: true,
  };

  constructor(options: KubeProxyOptions) {
    const { masqueradeBit, masqueradeAll, clusterCidr } = options.configuration;
    this.#options = options;
    this.#table = new ServiceTable({
      masquerade: { mark: 2 ** masqueradeBit, all: masqueradeAll, clusterCidr },
    });
    this.#healthChecks = new HealthCheckPorts({ log: options.world.log, healthy: () => this.healthy() });
    this.#caches = new SharedCaches({ client: options.client, world: options.world });
    this.#services = this.#caches.of(kubernetesResources.services, proxied);
    this.#slices = this.#caches.of(kubernetesResources.endpointSlices, proxied);
    this.#node = this.#caches.of(kubernetesResources.nodes, { fieldSelector: `metadata.name=${options.nodeName}` });
  }

  get state(): KubeProxyState {
    return { ...this.#state, services: this.#services.size, endpointSlices: this.#slices.size };
  }

  /** False when changes have waited for longer than two sync periods, as kube-proxy's healthz sees it. */
  healthy(): boolean {
    const { waitingSince } = this.#state;
    const { clock } = this.#options.world;
    return waitingSince === undefined || clock.now() - waitingSince < 2 * this.#options.configuration.syncPeriod;
  }

  /** Runs until `signal` aborts. The rules stay when it ends, so that connections go on while it is replaced. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options.world;
    const { minSyncPeriod, syncPeriod } = this.#options.configuration;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    this.#observe();
    await this.#caches.synced();
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#sync();
        failures = 0;
      } catch (error) {
        failures++;
        this.#sure = false;
        this.#changed = true;
        this.#state = { ...this.#state, failures: this.#state.failures + 1 };
        log.error('the rules of Services could not be written', { error: messageOf(error) });
      }
      await sleep(clock, failures > 0 ? backoffDelay(retry, failures) : minSyncPeriod, signal);
      if (!this.#changed && !signal.aborted) await this.#changeOr(syncPeriod);
      if (!this.#changed && !signal.aborted) await this.#verify();
    }
    this.#caches.stop();
    await this.#healthChecks.close();
  }

  #observe(): void {
    this.#slices.index('service', (slice) => [serviceOf(slice)]);
    this.#services.onChange((before, now) => this.#mark(keyOf((now ?? before)!)));
    this.#slices.onChange((before, now) => {
      for (const slice of [before, now]) if (slice !== undefined) this.#mark(serviceOf(slice));
    });
    this.#node.onChange(() => this.#mark(undefined));
  }

  #mark(service: string | undefined): void {
    if (service !== undefined) this.#dirty.add(service);
    this.#changed = true;
    const { waitingSince = this.#options.world.clock.now() } = this.#state;
    this.#state = { ...this.#state, waitingSince };
    this.#wake();
  }

  #changeOr(delay: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.world.clock.setTimer(delay, () => this.#wake());
      this.#wake = () => {
        timer.cancel();
        this.#wake = () => {};
        resolve();
      };
    });
  }

  async #sync(): Promise<void> {
    const { clock } = this.#options.world;
    if (!this.#changed) return;
    const began = clock.monotonic();
    this.#changed = false;
    this.#plan();
    const ruleset = this.#table.ruleset();
    const { apply, cleanup } = rulesetChanges(this.#applied, ruleset);
    const whole = !this.#sure;
    const text = whole ? renderRuleset(ruleset) : apply;
    if (text !== '') await this.#options.nft(['-f', '-'], text);
    const before = this.#applied;
    this.#applied = ruleset;
    this.#sure = true;
    if (!whole && cleanup !== '') await this.#options.nft(['-f', '-'], cleanup);
    await this.#forgetFlows(before, ruleset);
    await this.#healthChecks.set(this.#table.health());
    this.#state = {
      ...this.#state,
      lastSync: clock.now(),
      lastDuration: (clock.monotonic() - began) / 1000,
      waitingSince: this.#changed ? this.#state.waitingSince : undefined,
      syncs: this.#state.syncs + 1,
    };
  }

  #plan(): void {
    const { nodeName, configuration } = this.#options;
    const node = this.#node.get(undefined, nodeName);
    const zone = node?.metadata?.labels?.['topology.kubernetes.io/zone'] ?? '';
    const again = this.#table.setNode({ nodeName, zone }, nodePortAddresses(node, configuration.nodePortAddresses));
    const deleting = node?.metadata?.deletionTimestamp !== undefined;
    const tainted = (node?.spec?.taints ?? []).some(({ key }) => key === 'ToBeDeletedByClusterAutoscaler');
    this.#state = { ...this.#state, nodeEligible: !deleting && !tainted };
    const keys = again ? this.#services.list().map(keyOf) : [];
    const bySlice = this.#slices.index('service', (slice) => [serviceOf(slice)]);
    for (const key of new Set([...keys, ...this.#dirty])) {
      const [namespace, name = ''] = key.split('/');
      const service = this.#services.get(namespace, name);
      this.#table.setService(key, service && { service, slices: bySlice.get(key) });
    }
    this.#dirty.clear();
  }

  async #forgetFlows(before: Ruleset, after: Ruleset): Promise<void> {
    const { conntrack, world } = this.#options;
    if (conntrack === undefined) return;
    for (const words of staleUdpFlows(before, after)) {
      // It ends with 1 when no flow matched.
      await conntrack(words).catch((error) => world.log.debug('no flow was forgotten', { error: messageOf(error) }));
    }
  }

  /** Somebody may have flushed the rules of the machine. */
  async #verify(): Promise<void> {
    try {
      const table = await this.#options.nft(['-t', 'list', 'table', ...proxyTable.split(' ')]);
      if (table.includes('chain nat-prerouting')) return;
    } catch (error) {
      this.#options.world.log.warn('the table of Services is gone', { error: messageOf(error) });
    }
    this.#sure = false;
    this.#changed = true;
  }
}

function serviceOf(slice: EndpointSlice): string {
  return `${slice.metadata?.namespace}/${slice.metadata?.labels?.[serviceName] ?? ''}`;
}

function nodePortAddresses(node: Node | undefined, blocks: readonly string[]): string[] {
  const own = (node?.status?.addresses ?? [])
    .filter(
      ({ type, address }) => (type === 'InternalIP' || type === 'ExternalIP') && parseAddress(address) !== undefined,
    )
    .map(({ address }) => address);
  if (blocks.length === 1 && blocks[0] === 'primary') return own.slice(0, 1);
  const cidrs = blocks.flatMap((block) => parseCidr(block) ?? []);
  return [...new Set(own)].filter((address) => cidrs.some((cidr) => containsAddress(cidr, parseAddress(address)!)));
}

import type { World } from '@keelson/base';
import { type Client, createClient, inProcessPeer } from '@keelson/client';
import {
  AwsInstances,
  AwsLoadBalancers,
  type ControlPlane,
  type ControlPlaneHost,
  type ControlPlaneStart,
  createControlPlane,
  type IdentityResult,
} from '@keelson/cluster';
import type { Store } from '@keelson/store';
import { MemoryStore } from '@keelson/store/drivers/memory/index.ts';

export interface ControlPlanesInProcessOptions {
  readonly world: World;
  readonly region: string;
  /** Of the region's API; asked when a control plane starts. */
  regionClient(): Client;
  identify(clusterName: string, token: string): Promise<IdentityResult>;
}

/** Control planes as values of this process, each on a memory store that outlives it. */
export class ControlPlanesInProcess implements ControlPlaneHost {
  readonly #options: ControlPlanesInProcessOptions;
  readonly #stores = new Map<string, Store>();
  readonly #running = new Map<
    string,
    { readonly start: ControlPlaneStart; readonly controlPlane: ControlPlane; ready: boolean }
  >();
  #port = 20_000;

  constructor(options: ControlPlanesInProcessOptions) {
    this.#options = options;
  }

  async allocatePort(): Promise<number> {
    return this.#port++;
  }

  nodeEndpoint(port: number): string {
    return `https://127.0.0.1:${port}`;
  }

  async start(start: ControlPlaneStart): Promise<void> {
    const present = this.#running.get(start.clusterName);
    if (present?.start.uid === start.uid && present.start.minor === start.minor) return;
    await present?.controlPlane.stop();
    const { world, region, identify } = this.#options;
    let store = this.#stores.get(start.uid);
    if (store === undefined) this.#stores.set(start.uid, (store = new MemoryStore(world)));
    const client = this.#options.regionClient();
    const controlPlane = createControlPlane({
      world,
      store,
      clusterName: start.clusterName,
      region,
      minor: start.minor,
      keys: start.keys,
      serviceCidr: start.serviceCidr,
      issuer: start.issuer,
      endpoint: start.nodeEndpoint,
      advertise: { address: start.privateAddresses[0]!, port: 443 },
      ...(start.bootstrapAddons ? { addonImage: 'keelson/node:test' } : {}),
      identify: (token) => identify(start.clusterName, token),
      instances: new AwsInstances(client, region),
      loadBalancers: new AwsLoadBalancers({ client, clusterName: start.clusterName, vpcId: start.vpcId }),
    });
    const running = { start, controlPlane, ready: false };
    this.#running.set(start.clusterName, running);
    void controlPlane.start().then(() => {
      running.ready = true;
    });
  }

  async ready({ clusterName }: ControlPlaneStart): Promise<boolean> {
    return this.#running.get(clusterName)?.ready ?? false;
  }

  async remove(clusterName: string): Promise<void> {
    const running = this.#running.get(clusterName);
    if (running === undefined) return;
    this.#running.delete(clusterName);
    await running.controlPlane.stop();
    await this.#stores.get(running.start.uid)?.close();
    this.#stores.delete(running.start.uid);
  }

  administrator({ clusterName }: ControlPlaneStart): Client {
    return createClient({
      // Asked for at each request: the control plane of another version is another one.
      send: (request) => this.of(clusterName).handler(request),
      clock: this.#options.world.clock,
      peer: inProcessPeer('eks:cluster-manager', ['system:masters']),
      userAgent: 'eks',
    });
  }

  onExit(): () => void {
    return () => {};
  }

  /** The control plane of a cluster. @throws Error when there is none */
  of(clusterName: string): ControlPlane {
    const running = this.#running.get(clusterName);
    if (running === undefined) throw new Error(`no control plane of ${clusterName} runs`);
    return running.controlPlane;
  }

  /** A client of a cluster that shows a bearer token, as a client outside would. */
  clientWithToken(clusterName: string, token: () => Promise<string>): Client {
    return createClient({
      send: this.sendWithToken(clusterName, token),
      clock: this.#options.world.clock,
      userAgent: 'test',
    });
  }

  sendWithToken(clusterName: string, token: () => Promise<string>): ControlPlane['handler'] {
    return async (request) => {
      const headers = { ...request.headers, authorization: `Bearer ${await token()}` };
      return this.of(clusterName).handler({ ...request, headers, peer: { address: '127.0.0.1', certificates: [] } });
    };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ controlPlane }) => controlPlane.stop()));
  }
}

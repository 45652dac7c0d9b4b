import { type Region, startRegion } from '@keelson/app/region/region.ts';
import { simulatedLoadBalancers } from '@keelson/aws/elbv2/index.ts';
import { createSealer } from '@keelson/aws/sealing.ts';
import { type AwsCredentials, createEksToken, signRequest } from '@keelson/aws-protocol';
import {
  collectBody,
  createLog,
  formatLogEntry,
  silentLog,
  type VirtualClock,
  virtualWorld,
  type World,
} from '@keelson/base';
import type { Client } from '@keelson/client';
import { SimulatedInstances } from '@keelson/compute';
import { MemoryStore } from '@keelson/store/drivers/memory/index.ts';
import { ControlPlanesInProcess } from './control-planes-in-process.ts';

export const region = 'ap-northeast-2';
export const account = '000000000000';

/** What an AWS call was answered with. */
export interface AwsAnswer {
  readonly status: number;
  /** The body as JSON; text where it is none. */
  readonly body: any;
}

/** A whole region in this process, on virtual time and from one seed: front door, control planes, simulated nodes. */
export class RegionInProcess {
  readonly world: World & { readonly clock: VirtualClock };
  readonly region: Region;
  readonly controlPlanes: ControlPlanesInProcess;

  private constructor(
    world: World & { readonly clock: VirtualClock },
    region: Region,
    controlPlanes: ControlPlanesInProcess,
  ) {
    this.world = world;
    this.region = region;
    this.controlPlanes = controlPlanes;
  }

  static async start(seed: string, { verbose = false } = {}): Promise<RegionInProcess> {
    const bare = virtualWorld(seed);
    const log = verbose
      ? createLog(bare.clock, (entry) => process.stderr.write(`${formatLogEntry(entry)}\n`))
      : silentLog;
    const world = { ...bare, log };
    const holder: { region?: Region } = {};
    const controlPlanes = new ControlPlanesInProcess({
      world,
      region,
      regionClient: () => holder.region!.client,
      identify: (clusterName, token) => holder.region!.identify(clusterName, token),
    });
    holder.region = await startRegion({
      world,
      store: new MemoryStore(world),
      sealer: createSealer(world.random.bytes(32), world.random),
      region,
      account,
      frontDoorHosts: new Set(['127.0.0.1:4566']),
      controlPlanes,
      instances: (services) =>
        new SimulatedInstances({
          world,
          region,
          client: services.client,
          connect: (plan, node) => ({
            send: controlPlanes.sendWithToken(node.clusterName, () =>
              services.nodeToken(plan.instance, node.clusterName),
            ),
            close: () => {},
          }),
        }),
      loadBalancers: () => simulatedLoadBalancers,
    });
    return new RegionInProcess(world, holder.region, controlPlanes);
  }

  /** Moves time until `condition` holds. @throws Error when it does not within `limit` milliseconds of virtual time */
  async until(what: string, condition: () => Promise<boolean> | boolean, limit = 300_000): Promise<void> {
    const end = this.world.clock.now() + limit;
    for (;;) {
      if (await condition()) return;
      if (this.world.clock.now() >= end) throw new Error(`not within ${limit} ms: ${what}`);
      await this.world.clock.advance(100);
    }
  }

  /** Calls EKS as the administrator: REST and JSON, signed. */
  async eks(method: string, path: string, body?: unknown): Promise<AwsAnswer> {
    const bytes = body === undefined ? new Uint8Array(0) : Buffer.from(JSON.stringify(body));
    return this.#call('eks', method, path, bytes, body === undefined ? {} : { 'content-type': 'application/json' });
  }

  /** Calls a query service (`iam`, `sts`, `ec2`) as the administrator; answers are XML. */
  async query(service: string, version: string, parameters: Readonly<Record<string, string>>): Promise<AwsAnswer> {
    const form = new URLSearchParams({ ...parameters, Version: version }).toString();
    return this.#call(service, 'POST', '/', Buffer.from(form), { 'content-type': 'application/x-www-form-urlencoded' });
  }

  async #call(
    service: string,
    method: string,
    target: string,
    body: Uint8Array,
    headers: Record<string, string>,
  ): Promise<AwsAnswer> {
    const signed = signRequest(
      { method, target, headers: { host: '127.0.0.1:4566', ...headers }, body },
      {
        credentials: this.region.administrator,
        region: service === 'iam' || service === 'sts' ? 'us-east-1' : region,
        service,
        now: this.world.clock.now(),
      },
    );
    const response = await this.region.frontDoor({
      method,
      target,
      headers: signed,
      body,
      signal: new AbortController().signal,
      peer: { address: '127.0.0.1', certificates: [] },
    });
    const text = Buffer.from(await collectBody(response.body)).toString('utf8');
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
  }

  /** A client of a cluster with the EKS token of an access key, the administrator's unless told otherwise. */
  kubectl(clusterName: string, credentials: AwsCredentials = this.region.administrator): Client {
    return this.controlPlanes.clientWithToken(clusterName, async () =>
      createEksToken({
        clusterName,
        credentials,
        region,
        endpoint: 'http://127.0.0.1:4566',
        now: this.world.clock.now(),
      }),
    );
  }

  async stop(): Promise<void> {
    await this.region.stop();
    await this.controlPlanes.stop();
  }
}

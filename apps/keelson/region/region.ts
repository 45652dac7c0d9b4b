import type { ApiServer } from '@keelson/apiserver';
import { AutoScalingGroupController } from '@keelson/aws/autoscaling/index.ts';
import { TerminatedInstanceController } from '@keelson/aws/ec2/controllers/terminated-instance-controller.ts';
import { bootstrapNetwork, ec2Service, zonesOf } from '@keelson/aws/ec2/index.ts';
import {
  ClusterController,
  eksService,
  identify,
  NodegroupController,
  UpdateController,
} from '@keelson/aws/eks/index.ts';
import { LoadBalancerController, type LoadBalancerDriver } from '@keelson/aws/elbv2/index.ts';
import { createFrontDoor } from '@keelson/aws/front-door/index.ts';
import { type BootstrapIdentity, bootstrapIdentities, createIam, identityStore } from '@keelson/aws/iam/index.ts';
import { instanceCredentials } from '@keelson/aws/node-credentials.ts';
import type { Sealer } from '@keelson/aws/sealing.ts';
import { createSts } from '@keelson/aws/sts/index.ts';
import { createEksToken, loadTable } from '@keelson/aws-protocol';
import type { HttpHandler, World } from '@keelson/base';
import { type Client, createClient, inProcessPeer, isNotFound } from '@keelson/client';
import { controlPlanes, instances } from '@keelson/client/region-resources/index.ts';
import {
  ControlPlaneController,
  type ControlPlaneHost,
  clusterAccess,
  type IdentityResult,
  startOf,
} from '@keelson/cluster';
import { InstanceController, type InstanceDriver } from '@keelson/compute';
import { type Controller, type RunningControllers, runControllers } from '@keelson/controller-kit';
import type { Instance } from '@keelson/model/region/object-types.ts';
import type { Store } from '@keelson/store';
import { createRegionApi } from './region-api.ts';

/** Everything that a region is given. */
export interface RegionOptions {
  readonly world: World;
  readonly store: Store;
  readonly sealer: Sealer;
  readonly region: string;
  readonly account: string;
  /** Where clients reach the front door: `127.0.0.1:4566`. */
  readonly frontDoorHosts: ReadonlySet<string>;
  readonly controlPlanes: ControlPlaneHost;
  /** How far back watches of the region's API may go, in milliseconds. */
  readonly historyWindow?: number;
  /** Given the region, which the machines' agents need. */
  instances(region: RegionServices): InstanceDriver;
  loadBalancers(region: RegionServices): LoadBalancerDriver;
  /** Further controllers over the region's objects: what makes networks. */
  readonly controllers?: readonly (() => Controller)[];
}

/** What drivers may ask of the region. */
export interface RegionServices {
  readonly client: Client;
  readonly region: string;
  /** A token of `aws eks get-token` with the instance's role. */
  nodeToken(instance: Instance, clusterName: string): Promise<string>;
  credentialsOf(instance: Instance): ReturnType<typeof instanceCredentials>;
  instance(instanceId: string): Promise<Instance | undefined>;
}

/** A region as a value: the AWS front door, the API behind it, and everything that reconciles. */
export interface Region {
  readonly frontDoor: HttpHandler;
  readonly api: ApiServer;
  readonly client: Client;
  readonly administrator: BootstrapIdentity;
  /** Who presents an EKS token to a cluster. */
  identify(clusterName: string, token: string): Promise<IdentityResult>;
  /** Ends the controllers, once: nothing is reconciled from then on, and the API still answers. */
  rest(): Promise<void>;
  /** Ends the controllers and the API. Machines and control planes are let go, not ended. */
  stop(): Promise<void>;
  /** True when no controller has anything to do; for tests that wait for rest. */
  idle(): boolean;
}

/** Starts a region on what its store holds; a new one gets the network and the administrator of a fresh account. */
export async function startRegion(options: RegionOptions): Promise<Region> {
  const { world, store, sealer, region, account } = options;
  let client!: Client;
  const tokenOf = async (clusterName: string) => {
    const object = (await client.resource(controlPlanes).list()).items.find((one) => one.metadata.name === clusterName);
    return object && startOf(object, sealer, region)?.keys.regionToken;
  };
  const api = createRegionApi(world, store, tokenOf, options.historyWindow);
  client = createClient({
    send: api.handler,
    clock: world.clock,
    peer: inProcessPeer('keelson:region', ['system:masters']),
    userAgent: 'keelson-region',
  });
  await api.start();
  const identities = identityStore(client);
  const administrator = await bootstrapIdentities({ store: identities, sealer, world });
  const environment = { client, world, region, account };
  const ec2 = { ...environment, zones: zonesOf(region) };
  await bootstrapNetwork(ec2);
  const iam = createIam({ store: identities, sealer, world, account, table: await loadTable('iam') });
  const sts = createSts({ world, sealer, roles: iam.roles, table: await loadTable('sts') });
  const frontDoor = createFrontDoor({
    world,
    region,
    account,
    services: [iam.service, sts, await ec2Service(ec2), await eksService(environment)],
    credentials: iam.credentials,
    authorizer: iam.authorizer,
  });
  const services = regionServices(options, client);
  const controllers = startControllers(options, client, services);
  await controllers.started;
  const { credentials } = iam;
  let resting: Promise<void> | undefined;
  const rest = () => (resting ??= controllers.stop());
  return {
    frontDoor,
    api,
    client,
    administrator,
    identify: (clusterName, token) =>
      identify({ world, client, credentials, frontDoorHosts: options.frontDoorHosts }, clusterName, token),
    idle: () => controllers.idle(),
    rest,
    stop: async () => {
      await rest();
      await api.stop();
    },
  };
}

function regionServices({ world, sealer, region, account }: RegionOptions, client: Client): RegionServices {
  const credentialsOf = (instance: Instance) => instanceCredentials({ world, client, sealer, account }, instance);
  return {
    client,
    region,
    credentialsOf,
    instance: (id) =>
      client
        .resource(instances)
        .get(id)
        .catch((error: unknown) => {
          if (isNotFound(error)) return undefined;
          throw error;
        }),
    nodeToken: async (instance, clusterName) => {
      const credentials = await credentialsOf(instance);
      if (credentials === undefined) throw new Error(`instance ${instance.metadata.name} has no role`);
      const endpoint = `https://sts.${region}.amazonaws.com`;
      return createEksToken({ clusterName, credentials, region, endpoint, now: world.clock.now() });
    },
  };
}

function startControllers(options: RegionOptions, client: Client, services: RegionServices): RunningControllers {
  const { world, sealer, region, account } = options;
  const environment = { client, world, region, account };
  const hosting = { host: options.controlPlanes, sealer, region };
  const access = clusterAccess({ ...hosting, client, world });
  const driver = options.instances(services);
  const balancing = options.loadBalancers(services);
  return runControllers({
    client,
    world,
    controllers: [
      ...(options.controllers ?? []),
      () => new ClusterController(environment),
      () => new UpdateController(),
      () => new NodegroupController(environment, access),
      () => new AutoScalingGroupController(region),
      () => new TerminatedInstanceController(),
      () => new LoadBalancerController(balancing, region),
      () => new ControlPlaneController(hosting),
      () => new InstanceController(driver),
    ],
  });
}

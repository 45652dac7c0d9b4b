import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { World } from '@keelson/base';
import { SharedCaches } from '@keelson/client';
import { networkInterfaces } from '@keelson/client/region-resources/index.ts';
import { LinuxInstances } from '@keelson/compute/linux/index.ts';
import type { Controller } from '@keelson/controller-kit';
import { LoadBalancerForwarders } from '@keelson/network/dataplanes/linux/forwarder/load-balancer-forwarders.ts';
import { InterfaceNamespaces } from '@keelson/network/dataplanes/linux/interface-namespaces.ts';
import {
  deleteNamespace,
  inNamespace,
  ownNamespaces,
  ownPrefix,
} from '@keelson/network/dataplanes/linux/namespaces.ts';
import { VpcResolverController } from '@keelson/network/dataplanes/linux/resolver/vpc-resolver-controller.ts';
import { VpcResolvers } from '@keelson/network/dataplanes/linux/resolver/vpc-resolvers.ts';
import { VpcNetworkController } from '@keelson/network/dataplanes/linux/vpc-network-controller.ts';
import { registryRelayPort } from '@keelson/node-agent/socket-relay.ts';
import type { DataDirectory, RegionIdentity } from '../data-directory.ts';
import { pauseImage } from '../version.ts';
import type { ControlPlaneNetwork } from './control-plane-processes.ts';
import { MachineImage } from './machine-image.ts';
import { frontDoorSocket, nodeSocketFolder, registrySocket } from './node-sockets.ts';
import type { RegionServices } from './region.ts';

/** Instances, VPCs and control planes' namespaces on this Linux machine. */
export interface LinuxCompute {
  readonly network: ControlPlaneNetwork;
  readonly controllers: readonly (() => Controller)[];
  /** What new instances have on their disks; they wait for it to be filled. */
  readonly machineImage: MachineImage;
  /** Called once, when the region's API answers. */
  instances(services: RegionServices): LinuxInstances;
  readonly forwarders: LoadBalancerForwarders;
  /** Ends the forwarders of all load balancers and the resolvers of all VPCs; the next region starts them anew. */
  stopForwarding(): Promise<void>;
  /** Removes the namespaces of VPCs and control planes; nothing may run in them any more. */
  removeNetworks(): Promise<void>;
  close(): Promise<void>;
}

/** What runs beside pods must leave them the memory. */
const nodeFlags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4'];

/** Where the bundles of what runs in instances are: beside this program's own. */
const bundles = dirname(process.argv[1] ?? '');

function containerdProgram(): string | undefined {
  return ['/usr/bin/containerd', '/usr/local/bin/containerd'].find((path) => existsSync(path));
}

/** Puts the Linux side of a region together. Nothing runs before the region asks for its instances. */
export function linuxCompute(world: World, directory: DataDirectory, identity: RegionIdentity): LinuxCompute {
  const namespaces = new InterfaceNamespaces(world, identity.id);
  const machineImage = new MachineImage(world, directory, containerdProgram());
  let driver: LinuxInstances | undefined;
  let caches: SharedCaches | undefined;
  const vpcs = new VpcNetworkController({
    world,
    identity: identity.id,
    placement: (link) => namespaces.placement(link) ?? driver?.placement(link),
  });
  const forwarders = new LoadBalancerForwarders({
    world,
    folder: `${directory.path}/load-balancers`,
    program: [process.execPath, ...nodeFlags, `${bundles}/forwarder.mjs`],
    namespaceOf: (vpcId) => vpcs.namespaceOf(vpcId),
  });
  const resolvers = new VpcResolvers({
    world,
    folder: `${directory.path}/resolvers`,
    program: [process.execPath, ...nodeFlags, `${bundles}/resolver.mjs`],
    namespaceOf: (vpcId) => vpcs.namespaceOf(vpcId),
  });
  return {
    network: {
      async prepare(interfaceId) {
        const path = await namespaces.ensure(interfaceId);
        const attached = caches?.of(networkInterfaces).get(undefined, interfaceId);
        if (attached !== undefined) await vpcs.connect([attached]);
        return { enter: inNamespace(path, []) };
      },
      remove: (interfaceId) => namespaces.remove(interfaceId),
    },
    controllers: [() => vpcs, () => new VpcResolverController({ resolvers, region: identity.region })],
    forwarders,
    machineImage,
    instances: (services) => {
      caches = new SharedCaches({ client: services.client, world });
      caches.of(networkInterfaces);
      driver = linuxInstances(world, directory, identity, services, caches, vpcs, (root) => machineImage.layInto(root));
      return driver;
    },
    stopForwarding: async () => {
      await Promise.all([resolvers.stopAll(), ...forwarders.list().map((name) => forwarders.remove(name))]);
    },
    removeNetworks: async () => {
      for (const name of ownNamespaces(identity.id)) {
        await deleteNamespace(world.clock, `${ownPrefix(identity.id)}${name}`);
      }
    },
    close: async () => {
      await driver?.close();
      caches?.stop();
    },
  };
}

function linuxInstances(
  world: World,
  directory: DataDirectory,
  identity: RegionIdentity,
  services: RegionServices,
  caches: SharedCaches,
  vpcs: VpcNetworkController,
  fillDisk: (root: string) => Promise<void>,
): LinuxInstances {
  const node = process.execPath;
  return new LinuxInstances({
    world,
    identity: identity.id,
    folder: `${directory.path}/instances`,
    region: { accountId: identity.account, region: identity.region },
    caches,
    connect: (interfaces) => vpcs.connect(interfaces),
    init: [node, ...nodeFlags, `${bundles}/instance-init.mjs`],
    readOnlyPaths: [dirname(node), bundles, nodeSocketFolder(directory)],
    containerd: containerdProgram(),
    containerdSettings: {
      sandboxImage: pauseImage,
      registryMirror: `http://127.0.0.1:${registryRelayPort}`,
    },
    fillDisk,
    services: () => [
      {
        name: 'agent',
        command: [node, ...nodeFlags, `${bundles}/node/main.mjs`, 'agent'],
        environment: {
          KEELSON_REGISTRY_SOCKET: registrySocket(directory),
          KEELSON_FRONT_DOOR_SOCKET: frontDoorSocket(directory),
        },
        needsNetwork: true,
      },
    ],
    files: () => ({}),
    nameServers: () => ['169.254.169.253'],
    credentials: async (instanceId) => {
      const instance = await services.instance(instanceId);
      const credentials = instance && (await services.credentialsOf(instance));
      if (credentials === undefined) return undefined;
      const { accessKeyId, secretAccessKey, sessionToken, expiration } = credentials;
      const time = (milliseconds: number) => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
      const lastUpdated = time(world.clock.now());
      return { accessKeyId, secretAccessKey, sessionToken, lastUpdated, expiration: time(expiration) };
    },
  });
}

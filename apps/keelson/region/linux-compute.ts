import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { World } from '@keelson/base';
import { SharedCaches } from '@keelson/client';
import { networkInterfaces } from '@keelson/client/region-resources/index.ts';
import type { ControlPlaneStart } from '@keelson/cluster';
import { LinuxInstances } from '@keelson/compute/linux/index.ts';
import type { Controller } from '@keelson/controller-kit';
import type { PlannedLink } from '@keelson/network';
import type { InterfacePlace } from '@keelson/network/dataplanes/linux/link-commands.ts';
import {
  addNamespace,
  deleteNamespace,
  inNamespace,
  namespaceFolder,
  ownNamespaces,
  ownPrefix,
} from '@keelson/network/dataplanes/linux/namespaces.ts';
import { VpcNetworkController } from '@keelson/network/dataplanes/linux/vpc-network-controller.ts';
import { registryRelayPort } from '@keelson/node-agent/registry-relay.ts';
import type { DataDirectory, RegionIdentity } from '../data-directory.ts';
import { pauseImage } from '../version.ts';
import type { ControlPlaneNetwork } from './control-plane-processes.ts';
import { registryFolder, registrySocket } from './image-registry.ts';
import type { RegionServices } from './region.ts';

/** Instances, VPCs and control planes' namespaces on this Linux machine. */
export interface LinuxCompute {
  readonly network: ControlPlaneNetwork;
  readonly controllers: readonly (() => Controller)[];
  /** Called once, when the region's API answers. */
  instances(services: RegionServices): LinuxInstances;
  /** Removes the namespaces of VPCs and control planes; nothing may run in them any more. */
  removeNetworks(): Promise<void>;
  close(): Promise<void>;
}

/** Where the bundles of what runs in instances are: beside this program's own. */
const bundles = dirname(process.argv[1] ?? '');

function containerdProgram(): string | undefined {
  return ['/usr/bin/containerd', '/usr/local/bin/containerd'].find((path) => existsSync(path));
}

function clusterNamespace(identity: string, clusterName: string): string {
  // Cluster names may be longer than a namespace's, and hold the same letters in both cases.
  return `${ownPrefix(identity)}cp-${createHash('sha256').update(clusterName).digest('hex').slice(0, 12)}`;
}

export function linuxCompute(world: World, directory: DataDirectory, identity: RegionIdentity): LinuxCompute {
  const controlPlaneInterfaces = new Map<string, string>();
  let driver: LinuxInstances | undefined;
  let caches: SharedCaches | undefined;
  const placement = (link: PlannedLink): InterfacePlace | undefined => {
    const namespace = controlPlaneInterfaces.get(link.interfaceId);
    if (namespace !== undefined) return { target: namespace, path: `${namespaceFolder}/${namespace}` };
    return driver?.placement(link);
  };
  const vpcs = new VpcNetworkController({ world, identity: identity.id, placement });
  const network: ControlPlaneNetwork = {
    async prepare(start: ControlPlaneStart) {
      const namespace = clusterNamespace(identity.id, start.clusterName);
      await addNamespace(world.clock, namespace);
      const [interfaceId] = start.networkInterfaceIds;
      if (interfaceId !== undefined) {
        controlPlaneInterfaces.set(interfaceId, namespace);
        const attached = caches?.of(networkInterfaces).get(undefined, interfaceId);
        if (attached !== undefined) await vpcs.connect([attached]);
      }
      return { enter: inNamespace(`${namespaceFolder}/${namespace}`, []) };
    },
    async remove(clusterName) {
      const namespace = clusterNamespace(identity.id, clusterName);
      for (const [id, name] of controlPlaneInterfaces) if (name === namespace) controlPlaneInterfaces.delete(id);
      await deleteNamespace(world.clock, namespace);
    },
  };
  return {
    network,
    controllers: [() => vpcs],
    instances: (services) => {
      caches = new SharedCaches({ client: services.client, world });
      caches.of(networkInterfaces);
      driver = linuxInstances(world, directory, identity, services, caches, vpcs);
      return driver;
    },
    removeNetworks: async () => {
      for (const name of ownNamespaces(identity.id))
        await deleteNamespace(world.clock, `${ownPrefix(identity.id)}${name}`);
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
): LinuxInstances {
  const node = process.execPath;
  const flags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4'];
  return new LinuxInstances({
    world,
    identity: identity.id,
    folder: `${directory.path}/instances`,
    region: { accountId: identity.account, region: identity.region },
    caches,
    connect: (interfaces) => vpcs.connect(interfaces),
    init: [node, ...flags, `${bundles}/instance-init.mjs`],
    readOnlyPaths: [dirname(node), bundles, registryFolder(directory)],
    containerd: containerdProgram(),
    containerdSettings: {
      sandboxImage: pauseImage,
      registryMirror: `http://127.0.0.1:${registryRelayPort}`,
      snapshotter: 'overlayfs',
    },
    services: () => [
      {
        name: 'agent',
        command: [node, ...flags, `${bundles}/node.mjs`, 'agent'],
        environment: { KEELSON_REGISTRY_SOCKET: registrySocket(directory) },
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

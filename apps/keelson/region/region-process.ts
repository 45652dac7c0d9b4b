import { closeSync, rmSync, writeSync } from 'node:fs';
import { type Listener, listen } from '@keelson/apiserver/listener/listen.ts';
import { simulatedLoadBalancers } from '@keelson/aws/elbv2/index.ts';
import { createSealer } from '@keelson/aws/sealing.ts';
import { messageOf, systemWorld, type World } from '@keelson/base';
import { tlsTransport } from '@keelson/client';
import { controlPlanes as controlPlaneResource } from '@keelson/client/region-resources/index.ts';
import { type InstanceDriver, SimulatedInstances } from '@keelson/compute';
import { UsageError } from '../command-line.ts';
import {
  type DataDirectory,
  openDataDirectory,
  type RegionIdentity,
  readIdentity,
  secretKey,
} from '../data-directory.ts';
import { keepAwake } from '../process/background-process.ts';
import { processLog } from '../process/log-file.ts';
import { exposeKubelet } from '../process/node-connector.ts';
import { forgetProcess, recordProcess } from '../process/process-file.ts';
import { openStore, regionStorePlace } from '../process/store-place.ts';
import { adminHandler } from './admin-handler.ts';
import { ControlPlaneProcesses } from './control-plane-processes.ts';
import { openImageRegistry } from './image-registry.ts';
import { linuxCompute } from './linux-compute.ts';
import { frontDoorSocket } from './node-sockets.ts';
import { ensureOwnImages, haveOwnImages } from './own-images.ts';
import { type Region, type RegionServices, startRegion } from './region.ts';
import { regionStatus } from './region-status.ts';

/** One line of progress that the region tells whoever started it. */
export type StartReport =
  | { readonly step: string }
  | { readonly ready: true }
  | { readonly error: string; readonly mendable: boolean };

export type Reporter = (report: StartReport) => void;

/**
 * Writes reports as lines of JSON to a descriptor, each before it returns: the last one often is a reason to end. A
 * reader that has gone away is no matter.
 */
export function reportTo(descriptor: number): Reporter {
  return (report) => {
    try {
      writeSync(descriptor, `${JSON.stringify(report)}\n`);
      if ('ready' in report) closeSync(descriptor);
    } catch (error) {
      if (!['EPIPE', 'EBADF'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  };
}

/** Tokens are signed for a minute and good for fifteen; a node makes a new one well before. */
const tokenRenewal = 10 * 60_000;

function simulatedInstances(world: World, directory: DataDirectory, services: RegionServices): SimulatedInstances {
  return new SimulatedInstances({
    world,
    region: services.region,
    client: services.client,
    expose: (instanceId, serve) => exposeKubelet(directory.run, instanceId, serve),
    connect: (plan, node) => {
      let made = { token: '', until: 0 };
      const token = async () => {
        const now = world.clock.now();
        if (now >= made.until)
          made = { token: await services.nodeToken(plan.instance, node.clusterName), until: now + tokenRenewal };
        return made.token;
      };
      const ca = Buffer.from(node.certificateAuthority, 'base64').toString('utf8');
      return tlsTransport({ url: node.apiServerEndpoint, ca, token, clock: world.clock });
    },
  });
}

/** Opens the front door before anything else is started; who comes early waits. */
async function listenFrontDoor(world: World, region: Promise<Region>, identity: RegionIdentity): Promise<Listener> {
  try {
    return await listen({
      handler: async (request) => (await region).frontDoor(request),
      at: { host: '127.0.0.1', port: identity.port },
      world,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new UsageError(
      `port ${identity.port} is in use by another program; end it, or choose another port with --port`,
    );
  }
}

/** The region until it is told to end: its store, the front door, its socket, and everything that reconciles. */
export async function runRegion(directory: DataDirectory, report: Reporter): Promise<number> {
  try {
    await serve(directory, report);
    return 0;
  } catch (error) {
    report({ error: messageOf(error), mendable: error instanceof UsageError });
    process.stdout.write(
      `${JSON.stringify({ level: 'error', message: 'the region did not start', error: (error as Error).stack })}\n`,
    );
    return 1;
  }
}

/** Stops every machine, as one stops machines: what ran on them starts anew when they do. */
async function stopMachines(instances: InstanceDriver | undefined): Promise<void> {
  if (instances === undefined) return;
  const running = await instances.running();
  await Promise.all(running.map((id) => instances.stop(id)));
  await instances.close();
}

async function serve(directory: DataDirectory, report: Reporter): Promise<void> {
  openDataDirectory(directory);
  const identity = readIdentity(directory);
  if (identity === undefined) throw new UsageError(`there is no region in ${directory.path}; 'keelson up' makes one`);
  const world = systemWorld(processLog());
  report({ step: `Opening the front door at http://127.0.0.1:${identity.port}` });
  let opened: (region: Region) => void = () => {};
  const regionOpen = new Promise<Region>((resolve) => {
    opened = resolve;
  });
  const door = await listenFrontDoor(world, regionOpen, identity);
  report({ step: 'Opening the store' });
  const store = await openStore(regionStorePlace(directory, identity), world);
  const linux = identity.compute === 'linux' ? linuxCompute(world, directory, identity) : undefined;
  const images = await openImageRegistry(world, directory);
  rmSync(frontDoorSocket(directory), { force: true });
  const nodeDoor = await listen({
    handler: async (request) => (await regionOpen).frontDoor(request),
    at: { path: frontDoorSocket(directory) },
    world,
    closeGrace: 500,
  });
  const historyWindow = identity.historySeconds && identity.historySeconds * 1000;
  const processes = new ControlPlaneProcesses(world, directory, identity, linux?.network);
  report({ step: `Starting the region ${identity.region}` });
  let instances: InstanceDriver | undefined;
  const region = await startRegion({
    world,
    store,
    sealer: createSealer(secretKey(directory), world.random),
    region: identity.region,
    account: identity.account,
    frontDoorHosts: new Set([`127.0.0.1:${identity.port}`, `localhost:${identity.port}`]),
    controlPlanes: processes,
    ...(historyWindow && { historyWindow }),
    instances: (services) =>
      (instances = linux ? linux.instances(services) : simulatedInstances(world, directory, services)),
    ...(linux ? { controllers: linux.controllers } : {}),
    loadBalancers: () => linux?.forwarders ?? simulatedLoadBalancers,
  });
  let end: (how: 'down' | 'letGo') => void = () => {};
  const ended = new Promise<'down' | 'letGo'>((resolve) => {
    end = resolve;
  });
  rmSync(directory.regionSocket, { force: true });
  const admin = await listen({
    handler: adminHandler(region, {
      status: () => regionStatus(region, directory, identity),
      shutDown: async () => end('down'),
      loadImages: (file, as) => images.load(file, as),
    }),
    at: { path: directory.regionSocket },
    world,
    closeGrace: 500,
  });
  if (linux) {
    const ensure = async () => linux.machineImage.fill(await ensureOwnImages(directory, images));
    // Whether they have changed takes its time to tell; nobody waits for that while there are some.
    if (await haveOwnImages(directory, images)) {
      void ensure().catch((error: unknown) => {
        world.log.warn("Keelson's own images stay as they are", { error: messageOf(error) });
        linux.machineImage.keep();
      });
    } else {
      report({ step: "Making Keelson's own image" });
      await ensure();
    }
  }
  opened(region);
  recordProcess(directory.regionProcessFile);
  report({ ready: true });
  world.log.info('the region answers', { port: identity.port, compute: identity.compute });
  // A signal ends this process alone; clusters go on, and the next region takes them over.
  process.once('SIGTERM', () => end('letGo')).once('SIGINT', () => end('letGo'));
  const how = await keepAwake(ended);
  await door.close();
  if (how === 'down') {
    const names = (await region.client.resource(controlPlaneResource).list()).items.map((one) => one.metadata.name!);
    // Machines give back their addresses and tell their clusters that they go: both must still answer.
    await region.rest();
    await stopMachines(instances);
    await processes.stopAll(names);
    await region.stop();
    await linux?.stopForwarding();
    await linux?.removeNetworks();
  } else {
    await region.stop();
    await instances?.close();
  }
  processes.close();
  await linux?.close();
  await nodeDoor.close();
  await images.close();
  await admin.close();
  await store.close();
  rmSync(directory.regionSocket, { force: true });
  forgetProcess(directory.regionProcessFile);
}

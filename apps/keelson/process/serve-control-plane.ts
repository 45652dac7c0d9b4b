import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ApiServerSettings, dialDirectly, listenerSettings, readSettings } from '@keelson/apiserver';
import { type ListenerOptions, listen } from '@keelson/apiserver/listener/listen.ts';
import { collectBody, type World } from '@keelson/base';
import { createClient } from '@keelson/client';
import {
  AwsInstances,
  AwsLoadBalancers,
  createControlPlane,
  dnsAddress,
  type IdentityService,
  kubeletClientCertificate,
  serverCertificate,
  serviceAddress,
} from '@keelson/cluster';
import type { Store } from '@keelson/store';
import type { ControlPlaneProcessInput } from '../region/control-plane-processes.ts';
import { addonImage } from '../version.ts';
import { keepAwake } from './background-process.ts';
import { networkNodeConnector, nodeConnector } from './node-connector.ts';
import { type SocketTransport, socketTransport } from './socket-transport.ts';
import { typeDescriptions } from './type-descriptions.ts';

/** Asks the region who presents a token. A region that does not answer is told apart from one that refuses. */
function identityService(region: SocketTransport, clusterName: string, world: World): IdentityService {
  return async (token) => {
    try {
      const response = await region.send({
        method: 'POST',
        target: `/clusters/${clusterName}/identify`,
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify({ token })),
        signal: AbortSignal.timeout(5_000),
        peer: { address: '', certificates: [] },
      });
      const text = Buffer.from(await collectBody(response.body)).toString('utf8');
      if (response.status !== 200)
        return { outcome: 'unavailable', reason: `the region answered with ${response.status}` };
      return JSON.parse(text);
    } catch (error) {
      world.log.debug('the region cannot be asked', { error });
      return { outcome: 'unavailable', reason: 'the region cannot be reached' };
    }
  };
}

/** What the user set of a cluster's API server, in a file of its folder. @throws ConfigurationError */
function userSettings(folder: string): ApiServerSettings {
  const path = join(folder, 'apiserver.yaml');
  return existsSync(path) ? readSettings(readFileSync(path, 'utf8')) : {};
}

/** How often the server's certificate is made anew, in milliseconds: long before it ends. */
const certificatePeriod = 7 * 86_400_000;

/** Serves one cluster's control plane from its open store, until the process is told to end. `ready` is called once. */
export async function serveControlPlane(
  input: ControlPlaneProcessInput,
  world: World,
  store: Store,
  ready: () => void,
): Promise<void> {
  const { clusterName, region, keys, serviceCidr, port } = input;
  const regionSocket = socketTransport(input.regionSocket, `${clusterName}.${keys.regionToken}`);
  const cloud = createClient({
    send: regionSocket.send,
    clock: world.clock,
    userAgent: `keelson-cluster/${clusterName}`,
  });
  const settings = userSettings(input.folder);
  const descriptions = typeDescriptions();
  const controlPlane = createControlPlane({
    world,
    store,
    clusterName,
    region,
    minor: input.minor,
    keys,
    serviceCidr,
    issuer: input.issuer,
    endpoint: input.nodeEndpoint,
    advertise: { address: input.privateAddresses[0]!, port: 443 },
    connector: input.inherited
      ? networkNodeConnector(kubeletClientCertificate(world, keys))
      : nodeConnector(dirname(input.regionSocket)),
    // In a network namespace of its own it is in the VPC, and reaches what is there plainly.
    ...(input.inherited ? { dial: dialDirectly } : {}),
    ...(input.bootstrapAddons ? { addonImage } : {}),
    sharedStore: 'etcd' in input.store,
    ...(input.historyWindow && { historyWindow: input.historyWindow }),
    ...(descriptions ? { descriptions } : {}),
    apiServer: settings,
    identify: identityService(regionSocket, clusterName, world),
    instances: new AwsInstances(cloud, region),
    loadBalancers: new AwsLoadBalancers({ client: cloud, clusterName, vpcId: input.vpcId }),
  });
  const addresses = [serviceAddress(serviceCidr), ...input.privateAddresses];
  const { otherAuthorities, ...tlsSettings } = listenerSettings(settings);
  const tls = () => ({
    ...serverCertificate(world, keys, addresses, []),
    clientAuthority: `${keys.authority.certificate}${otherAuthorities}`,
    ...tlsSettings,
  });
  const first = tls();
  const serve = (at: ListenerOptions['at']) =>
    listen({
      handler: controlPlane.handler,
      handleUpgrade: (request, connection) => controlPlane.server.handleUpgrade(request, connection),
      tls: first,
      at,
      world,
    });
  const { inherited } = input;
  const listeners = inherited
    ? [await serve({ descriptor: inherited.descriptor }), await serve({ host: '0.0.0.0', port: inherited.privatePort })]
    : [await serve({ host: '127.0.0.1', port })];
  const renew = () =>
    world.clock.setTimer(certificatePeriod, () => {
      const next = tls();
      for (const listener of listeners) listener.reload(next);
      renewal = renew();
    });
  let renewal = renew();
  await controlPlane.start();
  world.log.info('the control plane answers', { port, dns: dnsAddress(serviceCidr) });
  ready();
  await keepAwake(new Promise<void>((resolve) => process.once('SIGTERM', resolve).once('SIGINT', resolve)));
  renewal.cancel();
  await controlPlane.stop();
  await Promise.all(listeners.map((listener) => listener.close()));
  await store.close();
  regionSocket.close();
}

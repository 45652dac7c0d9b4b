import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { createEksToken } from '@keelson/aws-protocol/eks-token.ts';
import {
  createLog,
  formatLogEntry,
  messageOf,
  newUid,
  SystemClock,
  sleep,
  systemWorld,
  type World,
} from '@keelson/base';
import { createClient, SharedCaches, tlsTransport } from '@keelson/client';
import { createAuthority, issueCertificate } from '@keelson/cluster/pki/certificate.ts';
import { describeNode, type NodeFacts } from '@keelson/compute/node-description.ts';
import { EventBroadcaster } from '@keelson/controller-kit';
import { createKubelet, DiskPodFiles, parseResolvConf } from '@keelson/kubelet';
import { NetworkProber } from '@keelson/kubelet/probes/network-prober.ts';
import { CriRuntime } from '@keelson/kubelet/runtimes/cri/cri-runtime.ts';
import { nodeImages } from '@keelson/model/region/images.ts';
import { instanceTypes } from '@keelson/model/region/instance-types.ts';
import { decodeNodeConfig, type NodeConfig } from '@keelson/model/region/node-config.ts';
import { addressAt, formatAddress, parseCidr } from '@keelson/network';
import { InstanceMetadataClient } from './instance-metadata-client.ts';
import { frontDoorRelayPort, registryRelayPort, relaySocket } from './socket-relay.ts';

const kubeletPort = 10_250;
const containerdSocket = '/run/containerd/containerd.sock';
const kubeletFolder = '/var/lib/kubelet';
/** EKS tokens are good for fifteen minutes; a new one is made well before. */
const tokenRenewal = 10 * 60_000;
const diskGiB = 20;
const year = 365 * 86_400_000;

async function untilItWorks<T>(world: World, what: string, attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      world.log.warn(`${what} does not work yet`, { error: messageOf(error) });
      await sleep(world.clock, 500);
    }
  }
}

async function readFacts(metadata: InstanceMetadataClient): Promise<NodeFacts> {
  const typeName = await metadata.require('meta-data/instance-type');
  const type = instanceTypes.get(typeName);
  if (type === undefined) throw new Error(`there is no instance type ${typeName}`);
  const userData = await metadata.get('user-data');
  return {
    instanceId: await metadata.require('meta-data/instance-id'),
    type,
    privateDnsName: await metadata.require('meta-data/local-hostname'),
    privateIpAddress: await metadata.require('meta-data/local-ipv4'),
    availabilityZone: await metadata.require('meta-data/placement/availability-zone'),
    region: await metadata.require('meta-data/placement/region'),
    kubeletVersion: nodeImages.get(await metadata.require('meta-data/ami-id'))?.kubeletVersion ?? 'v0.0.0',
    config: userData ? decodeNodeConfig(Buffer.from(userData).toString('base64')) : undefined,
  };
}

/** A bearer token for the cluster, made with the role's credentials as `aws eks get-token` makes it. */
function tokenSource(world: World, metadata: InstanceMetadataClient, region: string, clusterName: string) {
  let made = { token: '', until: 0 };
  return async (): Promise<string> => {
    const now = world.clock.now();
    if (now < made.until) return made.token;
    const credentials = await metadata.credentials();
    const endpoint = `https://sts.${region}.amazonaws.com`;
    const token = createEksToken({ clusterName, credentials, region, endpoint, now });
    made = { token, until: Math.min(now + tokenRenewal, credentials.expiration) };
    return token;
  };
}

function operatingSystem(): string {
  const found = /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'));
  return found?.[1] ?? 'Linux';
}

/** A certificate of its own for the kubelet's server. Who may connect is told by the client's, which the cluster's authority signs. */
function servingCertificate(world: World, facts: NodeFacts) {
  const name = `${facts.privateDnsName}-ca`;
  return issueCertificate(world, name, createAuthority(world, name, year), {
    commonName: `system:node:${facts.privateDnsName}`,
    organizations: ['system:nodes'],
    dnsNames: [facts.privateDnsName],
    ipAddresses: [facts.privateIpAddress],
    usage: 'server',
    lifetime: year,
  });
}

function clusterServers(config: NodeConfig): string[] {
  const cidr = parseCidr(config.serviceCidr);
  return cidr ? [formatAddress(addressAt(cidr, 10))] : [];
}

/** Joins the cluster; resolves to what ends the kubelet and leaves its pods running. */
async function joinCluster(
  world: World,
  metadata: InstanceMetadataClient,
  facts: NodeFacts,
  config: NodeConfig,
): Promise<() => Promise<void>> {
  const ca = Buffer.from(config.certificateAuthority, 'base64').toString('utf8');
  const token = tokenSource(world, metadata, facts.region, config.clusterName);
  const { send } = tlsTransport({ url: config.apiServerEndpoint, ca, token, clock: world.clock });
  const client = createClient({ send, clock: world.clock, userAgent: `kubelet/${facts.kubeletVersion}` });
  const runtime = new CriRuntime({ world, socket: containerdSocket });
  await untilItWorks(world, 'containerd', () => runtime.version());
  const system = { kernelVersion: release(), osImage: operatingSystem(), port: kubeletPort, diskGiB };
  const description = describeNode(facts, system, newUid(world.random));
  const caches = new SharedCaches({ client, world });
  const events = new EventBroadcaster({ client, world, host: facts.privateDnsName });
  const kubelet = createKubelet({
    world,
    client,
    caches,
    recorder: events.recorder('kubelet'),
    runtime,
    prober: new NetworkProber(runtime, world.clock),
    files: new DiskPodFiles(kubeletFolder, world.random),
    description: () => description,
    resolver: {
      node: parseResolvConf(readFileSync('/etc/resolv.conf', 'utf8')),
      clusterServers: clusterServers(config),
      clusterDomain: 'cluster.local',
    },
    minor: Number(facts.kubeletVersion.split('.')[1] ?? 36),
  });
  const { certificate, key } = servingCertificate(world, facts);
  await kubelet.server.listen({
    host: facts.privateIpAddress,
    port: kubeletPort,
    key,
    certificate,
    clientAuthority: ca,
    allowedNames: ['kube-apiserver-kubelet-client'],
  });
  await kubelet.start();
  world.log.info('the node has joined', { cluster: config.clusterName, node: facts.privateDnsName });
  return async () => {
    kubelet.server.close();
    await kubelet.stop();
  };
}

/** The node's agent: finds out by instance metadata what it is, joins the cluster of its user data, and runs pods. */
export async function runAgent(): Promise<void> {
  const clock = new SystemClock();
  const log = createLog(clock, (entry) => process.stdout.write(`${formatLogEntry(entry)}\n`));
  const world = systemWorld(log);
  // Timers of a Clock do not keep the process alive; this is what it lives for.
  setInterval(() => {}, 60_000);
  const { KEELSON_REGISTRY_SOCKET: registry, KEELSON_FRONT_DOOR_SOCKET: frontDoor } = process.env;
  if (registry) await relaySocket(registryRelayPort, registry);
  if (frontDoor) await relaySocket(frontDoorRelayPort, frontDoor);
  const metadata = new InstanceMetadataClient();
  const facts = await untilItWorks(world, 'instance metadata', () => readFacts(metadata));
  if (facts.config === undefined) log.info('the user data names no cluster to join');
  const leave = facts.config ? await joinCluster(world, metadata, facts, facts.config) : async () => {};
  await new Promise<void>((resolve) => process.once('SIGTERM', () => resolve()));
  await leave();
}

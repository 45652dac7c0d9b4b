import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, sleep, type World } from '@keelson/base';
import { findProgram } from '@keelson/network/dataplanes/linux/linux-network-problem.ts';
import { runCommand } from '@keelson/network/dataplanes/linux/run-command.ts';
import { httpEndpoint } from '@keelson/network/observe/http-endpoint.ts';
import { AddressLedger } from '@keelson/network/vpc-cni/address-ledger.ts';
import { AddressManager } from '@keelson/network/vpc-cni/address-manager.ts';
import { cniPlugin, networkConfiguration, pluginName } from '@keelson/network/vpc-cni/cni-plugin.ts';
import { CniServer } from '@keelson/network/vpc-cni/cni-server.ts';
import { sourceNatRules } from '@keelson/network/vpc-cni/source-nat.ts';
import { readWarmTargets } from '@keelson/network/vpc-cni/warm-pool.ts';
import { readFlags, startAddOn } from './add-on-process.ts';
import { Ec2InstanceNetwork } from './ec2-instance-network.ts';
import { InstanceMetadataClient } from './instance-metadata-client.ts';

/** Folders of the instance, as the DaemonSet mounts them, and the one that has the same path there. */
const pluginFolder = '/host/opt/cni/bin';
const configurationFolder = '/host/etc/cni/net.d';
const runFolder = '/var/run/aws-node';
const configurationName = '10-aws.conflist';
const introspectionPort = 61_679;
const requestTimeout = 20_000;

interface Settings {
  readonly mtu: number;
  readonly vethPrefix: string;
  readonly externalSnat: boolean;
  readonly randomize: string;
  readonly excludedCidrs: readonly string[];
}

/** aws-node: addresses of the VPC for the node's pods. It takes no words; environment variables say the rest. */
export async function runAwsNode(words: readonly string[]): Promise<void> {
  readFlags(words, []);
  const { env } = process;
  const settings = readSettings(env);
  const targets = readWarmTargets(env);
  const { world, signal } = startAddOn('aws-node');
  const { clock } = world;
  const metadata = new InstanceMetadataClient();
  const region = await metadata.require('meta-data/placement/region');
  const network = new Ec2InstanceNetwork({
    clock,
    region,
    instanceId: await metadata.require('meta-data/instance-id'),
    clusterName: env['CLUSTER_NAME'] ?? '',
    endpoint: env['AWS_EC2_ENDPOINT'] || env['AWS_ENDPOINT_URL_EC2'] || `https://ec2.${region}.amazonaws.com`,
    credentials: credentialSource(world, metadata),
    post,
    linkedMacs: () => linkedMacs(world),
  });
  const ledger = new AddressLedger(join(runFolder, 'ipam.json'));
  await forgetGonePods(world, ledger);
  const addresses = new AddressManager({ world, network, ledger, targets });
  const running = addresses.run(signal);
  const { externalSnat, mtu } = settings;
  const links = () => ({ mtu, externalSnat, vpcCidrs: addresses.place.vpcCidrs });
  await untilAddresses(world, addresses, signal);
  if (signal.aborted) return;
  await applySourceNat(world, addresses, settings);
  const socketPath = join(runFolder, 'ipam.sock');
  const server = await CniServer.listen({ socketPath, addresses, links, log: world.log });
  const introspection = await httpEndpoint({ host: '127.0.0.1', port: introspectionPort }, (path) =>
    path === '/v1/enis'
      ? { status: 200, body: JSON.stringify({ enis: addresses.interfaces, assigned: ledger.all }) }
      : undefined,
  );
  install(join(pluginFolder, pluginName), cniPlugin(socketPath), 0o755);
  const portmap = existsSync(join(pluginFolder, 'portmap'));
  const { vethPrefix } = settings;
  install(join(configurationFolder, configurationName), networkConfiguration({ mtu, vethPrefix, portmap }), 0o644);
  world.log.info('the network of pods is ready', { addresses: addresses.free });
  await running;
  await introspection.close();
  await server.close();
}

function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const mtu = Number(environment['AWS_VPC_ENI_MTU'] ?? 9001);
  if (!Number.isInteger(mtu) || mtu < 576 || mtu > 9001) throw new Error('AWS_VPC_ENI_MTU must be from 576 to 9001');
  const vethPrefix = environment['AWS_VPC_K8S_CNI_VETHPREFIX'] ?? 'eni';
  if (vethPrefix !== 'eni') throw new Error('AWS_VPC_K8S_CNI_VETHPREFIX can only be eni');
  return {
    mtu,
    vethPrefix,
    externalSnat: environment['AWS_VPC_K8S_CNI_EXTERNALSNAT'] === 'true',
    randomize: environment['AWS_VPC_K8S_CNI_RANDOMIZESNAT'] ?? 'prng',
    excludedCidrs: (environment['AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS'] ?? '')
      .split(',')
      .map((cidr) => cidr.trim())
      .filter((cidr) => /^[\d.]+\/\d+$/.test(cidr)),
  };
}

/** The role's credentials, asked for again well before they expire. */
function credentialSource(world: World, metadata: InstanceMetadataClient) {
  let known: Awaited<ReturnType<InstanceMetadataClient['credentials']>> | undefined;
  return async () => {
    if (known === undefined || known.expiration - world.clock.now() < 5 * 60_000) known = await metadata.credentials();
    return known;
  };
}

async function post(endpoint: string, headers: Readonly<Record<string, string>>, body: string) {
  const { host: _, ...sent } = headers;
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: sent,
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(requestTimeout),
  });
  return { status: response.status, text: await response.text() };
}

interface Link {
  readonly ifname: string;
  readonly address?: string;
  readonly operstate?: string;
}

async function linksOf(world: World): Promise<Link[]> {
  return JSON.parse((await runCommand(['ip', '-json', 'link'], { clock: world.clock })) || '[]');
}

async function linkedMacs(world: World): Promise<Set<string>> {
  const links = await linksOf(world);
  return new Set(links.filter(({ operstate }) => operstate === 'UP').flatMap(({ address }) => address ?? []));
}

/** After a reboot of the instance the links of its pods are gone, and their addresses are free again. */
async function forgetGonePods(world: World, ledger: AddressLedger): Promise<void> {
  const present = new Set((await linksOf(world)).map(({ ifname }) => ifname));
  for (const one of ledger.all) {
    // One that was promised a moment ago may be about to be connected; it is asked for again if so.
    if (present.has(one.hostLink)) continue;
    ledger.remove(one);
    world.log.info('an address is free, as its pod has no link', { address: one.address, pod: one.podName });
  }
}

async function untilAddresses(world: World, addresses: AddressManager, signal: AbortSignal): Promise<void> {
  while (addresses.free === 0 && !signal.aborted) await sleep(world.clock, 100, signal);
}

async function applySourceNat(world: World, addresses: AddressManager, settings: Settings): Promise<void> {
  const nft = findProgram('nft');
  if (nft === undefined) throw new Error('there is no nft (nftables) in this image');
  const rules = sourceNatRules({
    ...settings,
    vpcCidrs: addresses.place.vpcCidrs,
    primaryAddress: addresses.interfaces[0]!.primaryAddress,
  });
  try {
    await runCommand([nft, '-f', '-'], { clock: world.clock, input: rules });
  } catch (error) {
    throw new Error(`the rules that masquerade pods could not be written: ${messageOf(error)}`);
  }
}

/** Puts a file where others may be reading its former version. */
function install(path: string, text: string, mode: number): void {
  const temporary = `${path}.new`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, text, { mode });
  chmodSync(temporary, mode);
  renameSync(temporary, path);
}
